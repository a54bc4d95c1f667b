#include "layers/site_names.h"

#include <algorithm>

#include "cli/string_tools.h"
#include "core/text.h"

namespace hfoffline::layers {
namespace {

bool is_name_byte(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || is_ascii_digit(c) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// What follows the stem in EXTENSION_SUFFIXES of any interpreter; anything else is no module.
bool is_abi_tag(std::string_view tag) {
  for (const std::string_view start : {"cpython-", "abi", "pypy", "graalpy", "cp3"}) {
    if (tag.starts_with(start)) return true;
  }
  return false;
}

}  // namespace

bool is_importable_name(std::string_view name) {
  return !name.empty() && !is_ascii_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), is_name_byte);
}

bool split_extension_name(std::string_view file, std::string_view* stem, std::string_view* tag) {
  constexpr std::string_view kSuffix = ".so";
  if (!file.ends_with(kSuffix)) return false;
  file.remove_suffix(kSuffix.size());
  const std::size_t dot = file.find('.');
  *stem = file.substr(0, dot);
  *tag = dot == file.npos ? std::string_view() : file.substr(dot + 1);
  return !stem->empty() && (tag->empty() ? dot == file.npos : is_abi_tag(*tag));
}

bool is_init_file(std::string_view name) {
  constexpr std::string_view kInit = "__init__";
  if (!name.starts_with(kInit)) return false;
  ImportName import;
  return parse_module_file(name, &import) && import.name == kInit;
}

bool parse_module_file(std::string_view name, ImportName* import) {
  std::string_view stem;
  std::string_view tag;
  if (name.ends_with(".py")) {
    stem = name.substr(0, name.size() - 3);
    import->kind = ModuleKind::kSource;
  } else if (name.ends_with(".pyc")) {
    stem = name.substr(0, name.size() - 4);
    import->kind = ModuleKind::kBytecode;
  } else if (split_extension_name(name, &stem, &tag)) {
    import->kind = ModuleKind::kExtension;
    import->abi_tag = tag;
  }
  if (!is_importable_name(stem)) return false;
  import->name = stem;
  return true;
}

bool parse_distribution_directory(std::string_view name, Distribution* distribution) {
  std::string_view stem = name;
  if (name.ends_with(".dist-info")) {
    stem.remove_suffix(10);
    distribution->kind = DistributionKind::kDistInfo;
  } else if (name.ends_with(".egg-info")) {
    stem.remove_suffix(9);
    distribution->kind = DistributionKind::kEggInfoDirectory;
  } else {
    return false;
  }
  if (stem.empty()) return false;
  distribution->metadata = name;
  const std::size_t dash = stem.find('-');
  distribution->name = stem.substr(0, dash);
  if (dash == stem.npos) return true;
  std::string_view version = stem.substr(dash + 1);
  // Eggs add the Python they were made for, and the platform.
  if (distribution->kind == DistributionKind::kEggInfoDirectory)
    version = version.substr(0, version.find("-py"));
  distribution->version = version;
  return true;
}

Distribution distribution_of_egg(std::string_view place, std::string_view metadata) {
  Distribution distribution;
  std::string_view stem = place.substr(place.rfind('/') + 1);
  if (stem.ends_with(".egg")) {
    stem.remove_suffix(4);
    const std::size_t dash = stem.find('-');
    distribution.name = stem.substr(0, dash);
    if (dash != stem.npos) {
      const std::string_view version = stem.substr(dash + 1);
      distribution.version = version.substr(0, version.find("-py"));
    }
  }
  distribution.metadata = metadata;
  distribution.kind = DistributionKind::kEgg;
  return distribution;
}

void read_metadata_header(std::string_view text, Distribution* distribution) {
  // A name from a directory has "_" for "-": the header's own is better.
  bool has_name = false;
  for (const std::string_view line : cli::split(text, "\n")) {
    const std::string_view stripped = cli::strip_blanks(line);
    if (stripped.empty()) break;
    constexpr std::string_view kName = "name:";
    constexpr std::string_view kVersion = "version:";
    if (!has_name && equals_ignoring_case(slice(line, 0, kName.size()), kName)) {
      distribution->name = cli::strip_blanks(slice(line, kName.size()));
      has_name = true;
    } else if (distribution->version.empty() &&
               equals_ignoring_case(slice(line, 0, kVersion.size()), kVersion)) {
      distribution->version = cli::strip_blanks(slice(line, kVersion.size()));
    }
  }
}

std::string canonical_distribution_name(std::string_view name) {
  std::string result;
  bool in_run = false;
  for (const char c : name) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (!separator) result.push_back(ascii_lower(c));
    if (separator && !in_run) result.push_back('-');
    in_run = separator;
  }
  return result;
}

std::vector<PthLine> parse_pth(std::string_view file, std::string_view text) {
  std::vector<PthLine> lines;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::size_t number = 0;
  for (std::string_view line : cli::split(text, "\n")) {
    ++number;
    if (line.starts_with('#') || cli::strip_blanks(line).empty()) continue;
    PthLine found;
    found.is_import = line.starts_with("import ") || line.starts_with("import\t");
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
      line.remove_suffix(1);
    found.file = file;
    found.line = number;
    found.text = line;
    lines.push_back(std::move(found));
  }
  return lines;
}

std::vector<RecordEntry> parse_record(std::string_view text) {
  std::vector<RecordEntry> entries;
  std::size_t at = 0;
  while (at < text.size()) {
    std::string fields[3];
    std::size_t field = 0;
    bool quoted = false;
    for (; at < text.size(); ++at) {
      const char c = text[at];
      if (quoted) {
        if (c != '"') {
          if (field < 3) fields[field].push_back(c);
        } else if (at + 1 < text.size() && text[at + 1] == '"') {
          if (field < 3) fields[field].push_back(c);
          ++at;
        } else {
          quoted = false;
        }
        continue;
      }
      if (c == '"') {
        quoted = true;
      } else if (c == ',') {
        ++field;
      } else if (c == '\n') {
        break;
      } else if (c != '\r' && field < 3) {
        fields[field].push_back(c);
      }
    }
    ++at;
    if (fields[0].empty()) continue;
    entries.push_back({std::move(fields[0]), std::move(fields[1]), std::move(fields[2])});
  }
  return entries;
}

}  // namespace hfoffline::layers
