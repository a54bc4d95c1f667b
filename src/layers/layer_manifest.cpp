#include "layers/layer_manifest.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/string_tools.h"
#include "core/utf8.h"
#include "layers/layer_stamp.h"
#include "layers/site_directory.h"

namespace hfoffline::layers {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }

  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  // A text whose end is part of it, so that two in a row cannot be taken for two others.
  void add_text(std::string_view text) {
    add(text);
    add(std::string_view("\0", 1));
  }
  std::string hexadecimal() {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), bytes, &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      text.push_back(kDigits[bytes[i] >> 4]);
      text.push_back(kDigits[bytes[i] & 15]);
    }
    return text;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

absl::StatusOr<std::string> hash_file(const std::string& path) {
  // Not blocking: a name may have become a fifo since it was listed.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return absl::ErrnoToStatus(errno, path + " cannot be read");
  Sha256 hash;
  std::string buffer(1 << 18, '\0');
  ssize_t count = 0;
  while ((count = read(descriptor, buffer.data(), buffer.size())) > 0 ||
         (count < 0 && errno == EINTR)) {
    if (count > 0) hash.add(std::string_view(buffer).substr(0, static_cast<std::size_t>(count)));
  }
  const int error = errno;
  close(descriptor);
  if (count < 0) return absl::ErrnoToStatus(error, path + " cannot be read");
  return hash.hexadecimal();
}

class TreeReader {
 public:
  TreeReader(const std::string& root, std::vector<ManifestFile>& files)
      : root_(root), files_(files) {}

  absl::Status read(const std::string& below) {
    const std::string directory = below.empty() ? root_ : root_ + "/" + below;
    std::error_code error;
    std::size_t entries = 0;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
      ++entries;
      const std::string name = entry->path().filename().string();
      if (name == "__pycache__" || (below.empty() && name == kStampFile)) continue;
      const std::string path = below.empty() ? name : cli::cat(below, "/", name);
      if (absl::Status status = add(path); !status.ok()) return status;
    }
    if (error) return absl::ErrnoToStatus(error.value(), directory + " cannot be read");
    if (entries == 0 && !below.empty()) files_.push_back({below, "directory", ""});
    return absl::OkStatus();
  }

 private:
  absl::Status add(const std::string& path) {
    const std::string full = root_ + "/" + path;
    struct stat status;
    if (lstat(full.c_str(), &status) != 0)
      return absl::ErrnoToStatus(errno, full + " cannot be read");
    ManifestFile file{path, "other", ""};
    if (S_ISDIR(status.st_mode)) return read(path);
    if (S_ISLNK(status.st_mode)) {
      std::error_code error;
      file.type = "link";
      file.content = fs::read_symlink(full, error).string();
      if (error) return absl::ErrnoToStatus(error.value(), full + " cannot be read");
    } else if (S_ISREG(status.st_mode)) {
      absl::StatusOr<std::string> hash = hash_file(full);
      if (!hash.ok()) return hash.status();
      file.type = (status.st_mode & S_IXUSR) != 0 ? "executable" : "file";
      file.content = std::move(*hash);
    }
    files_.push_back(std::move(file));
    return absl::OkStatus();
  }

  const std::string& root_;
  std::vector<ManifestFile>& files_;
};

std::string hash_of(const std::vector<ManifestFile>& files) {
  Sha256 hash;
  for (const ManifestFile& file : files) {
    hash.add_text(file.path);
    hash.add_text(file.type);
    hash.add_text(file.content);
  }
  return hash.hexadecimal();
}

// As core/utf8.h tells characters; each byte of anything else, and a backslash, is written out.
std::string escape(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    char32_t character = 0;
    const std::size_t size = utf8_sequence(text, &character);
    if (size == 0) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(text[0]);
      result += "\\x";
      result.push_back(kDigits[byte >> 4]);
      result.push_back(kDigits[byte & 15]);
      text.remove_prefix(1);
      continue;
    }
    if (text[0] == '\\') result.push_back('\\');
    result.append(text.substr(0, size));
    text.remove_prefix(size);
  }
  return result;
}

std::string unescape(std::string_view text) {
  std::string result;
  const auto digit = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result.push_back(text[i]);
    } else if (text[i + 1] == 'x' && i + 3 < text.size()) {
      result.push_back(static_cast<char>(digit(text[i + 2]) * 16 + digit(text[i + 3])));
      i += 3;
    } else {
      result.push_back(text[++i]);
    }
  }
  return result;
}

std::string json_text(std::string_view text) { return Json(escape(text)).dump(); }

class Comparison {
 public:
  std::vector<std::string> compare(const Manifest& locked, const Manifest& found) {
    compare_order(locked, found);
    for (const ManifestLayer& layer : locked.layers) {
      const ManifestLayer* other = find(found, layer.name);
      if (other != nullptr) compare_layers(layer, *other);
    }
    return std::move(lines_);
  }

 private:
  static const ManifestLayer* find(const Manifest& manifest, std::string_view name) {
    for (const ManifestLayer& layer : manifest.layers) {
      if (layer.name == name) return &layer;
    }
    return nullptr;
  }

  void compare_order(const Manifest& locked, const Manifest& found) {
    std::vector<std::string> before;
    std::vector<std::string> after;
    for (const ManifestLayer& layer : locked.layers) {
      if (find(found, layer.name) == nullptr) {
        lines_.push_back("- layer " + layer.name);
      } else {
        before.push_back(layer.name);
      }
    }
    for (const ManifestLayer& layer : found.layers) {
      if (find(locked, layer.name) == nullptr) {
        lines_.push_back("+ layer " + layer.name);
      } else {
        after.push_back(layer.name);
      }
    }
    if (before == after) return;
    const auto listed = [](const std::vector<std::string>& names) {
      std::string text;
      for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
      return text;
    };
    lines_.push_back("! order: " + listed(after) + " (locked: " + listed(before) + ")");
  }

  void compare_layers(const ManifestLayer& locked, const ManifestLayer& found) {
    const std::string start = found.name + ": ";
    if (locked.kind != found.kind)
      lines_.push_back("! " + start + "kind " + found.kind + " (locked: " + locked.kind + ")");
    if (locked.python != found.python) {
      lines_.push_back("! " + start + "made for " +
                       (found.python.empty() ? "nothing" : found.python) +
                       " (locked: " + (locked.python.empty() ? "nothing" : locked.python) + ")");
    }
    compare_distributions(start, locked, found);
    compare_files(start, locked, found);
  }

  void compare_distributions(const std::string& start, const ManifestLayer& locked,
                             const ManifestLayer& found) {
    const auto by_name = [](const ManifestLayer& layer) {
      std::map<std::string, std::string> result;
      for (const ManifestDistribution& row : layer.distributions) {
        std::string& versions = result[row.name];
        versions += (versions.empty() ? "" : " and ") + row.version;
      }
      return result;
    };
    compare_maps(start, by_name(locked), by_name(found), " ");
  }

  void compare_files(const std::string& start, const ManifestLayer& locked,
                     const ManifestLayer& found) {
    const auto by_path = [](const ManifestLayer& layer) {
      std::map<std::string, std::string> result;
      for (const ManifestFile& file : layer.files) {
        result[file.path] = file.content.empty() ? file.type : file.type + " " + file.content;
      }
      return result;
    };
    compare_maps(start, by_path(locked), by_path(found), " is ");
  }

  void compare_maps(const std::string& start, const std::map<std::string, std::string>& locked,
                    const std::map<std::string, std::string>& found, const std::string& between) {
    std::map<std::string, std::string> changes;
    for (const auto& [name, value] : locked) {
      const auto other = found.find(name);
      if (other == found.end()) {
        changes[name] = cli::cat("- ", start, name, between, value);
      } else if (other->second != value) {
        changes[name] =
            cli::cat("! ", start, name, between, other->second, " (locked: ", value, ")");
      }
    }
    for (const auto& [name, value] : found) {
      if (locked.find(name) == locked.end())
        changes[name] = cli::cat("+ ", start, name, between, value);
    }
    for (auto& [name, line] : changes) lines_.push_back(std::move(line));
  }

  std::vector<std::string> lines_;
};

}  // namespace

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hexadecimal();
}

absl::StatusOr<Manifest> make_manifest(const std::vector<Layer>& layers) {
  Manifest manifest;
  for (const Layer& layer : layers) {
    ManifestLayer& row = manifest.layers.emplace_back();
    row.name = layer.name;
    row.kind = layer.kind;
    struct stat status;
    if (stat(layer.path.c_str(), &status) != 0) {
      return absl::ErrnoToStatus(errno,
                                 "layer " + layer.name + ": " + layer.path + " cannot be read");
    }
    if (S_ISREG(status.st_mode)) {
      absl::StatusOr<std::string> hash = hash_file(fs::canonical(layer.path).string());
      if (!hash.ok()) return hash.status();
      row.files.push_back({"", "file", std::move(*hash)});
    } else if (absl::Status read = TreeReader(layer.path, row.files).read(""); !read.ok()) {
      return read;
    }
    std::sort(row.files.begin(), row.files.end(),
              [](const ManifestFile& a, const ManifestFile& b) { return a.path < b.path; });
    row.hash = hash_of(row.files);
    if (const std::optional<LayerStamp> stamp = read_stamp(layer.path)) {
      row.python =
          stamp->implementation + " " + minor_version(stamp->version) + ", " + stamp->ext_suffix;
    }
    if (layer.kind != "python") continue;
    const SiteDirectory place = read_site_directory(layer.path, {});
    for (const Distribution& distribution : place.distributions)
      row.distributions.push_back({distribution.canonical, distribution.version});
  }
  return manifest;
}

std::string write_manifest(const Manifest& manifest) {
  std::string text = "{\n  \"schema\": " + std::to_string(kSchema) + ",\n  \"layers\": [";
  std::string before = "\n";
  for (const ManifestLayer& layer : manifest.layers) {
    text += before + "    {\n      \"name\": " + json_text(layer.name) +
            ",\n      \"kind\": " + json_text(layer.kind) +
            ",\n      \"python\": " + json_text(layer.python) +
            ",\n      \"sha256\": " + json_text(layer.hash) + ",\n      \"distributions\": [";
    before = "\n";
    for (const ManifestDistribution& row : layer.distributions) {
      text += before + "        [" + json_text(row.name) + ", " + json_text(row.version) + "]";
      before = ",\n";
    }
    text += "\n      ],\n      \"files\": [";
    before = "\n";
    for (const ManifestFile& file : layer.files) {
      text += before + "        [" + json_text(file.path) + ", " + json_text(file.type) + ", " +
              json_text(file.content) + "]";
      before = ",\n";
    }
    text += "\n      ]\n    }";
    before = ",\n";
  }
  return text + "\n  ]\n}\n";
}

absl::StatusOr<Manifest> parse_manifest(std::string_view text) {
  const auto wrong = [](const std::string& what) {
    return absl::InvalidArgumentError("this is no lock of layers: " + what);
  };
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return wrong("it is not a JSON object");
  if (!json.contains("schema") || json["schema"] != kSchema)
    return wrong("its \"schema\" is not " + std::to_string(kSchema));
  if (!json.contains("layers") || !json["layers"].is_array()) return wrong("it has no \"layers\"");
  Manifest manifest;
  for (const Json& row : json["layers"]) {
    ManifestLayer layer;
    if (!row.is_object()) return wrong("a layer is not an object");
    for (const auto& [name, value] :
         {std::pair("name", &layer.name), std::pair("kind", &layer.kind),
          std::pair("python", &layer.python), std::pair("sha256", &layer.hash)}) {
      if (!row.contains(name) || !row[name].is_string())
        return wrong("a layer has no \"" + std::string(name) + "\"");
      *value = unescape(row[name].get<std::string>());
    }
    const auto texts = [&](const char* name, std::size_t count,
                           std::vector<std::vector<std::string>>& result) {
      if (!row.contains(name) || !row[name].is_array()) return false;
      for (const Json& line : row[name]) {
        if (!line.is_array() || line.size() != count) return false;
        std::vector<std::string>& parts = result.emplace_back();
        for (const Json& part : line) {
          if (!part.is_string()) return false;
          parts.push_back(unescape(part.get<std::string>()));
        }
      }
      return true;
    };
    std::vector<std::vector<std::string>> distributions;
    std::vector<std::vector<std::string>> files;
    if (!texts("distributions", 2, distributions) || !texts("files", 3, files))
      return wrong("layer " + layer.name + " has a list that is none");
    for (auto& parts : distributions)
      layer.distributions.push_back({std::move(parts[0]), std::move(parts[1])});
    for (auto& parts : files)
      layer.files.push_back({std::move(parts[0]), std::move(parts[1]), std::move(parts[2])});
    if (hash_of(layer.files) != layer.hash) {
      return wrong("the files of layer " + layer.name +
                   " do not have its \"sha256\"; was it edited?");
    }
    manifest.layers.push_back(std::move(layer));
  }
  return manifest;
}

std::vector<std::string> compare_manifests(const Manifest& locked, const Manifest& found) {
  return Comparison().compare(locked, found);
}

}  // namespace hfoffline::layers
