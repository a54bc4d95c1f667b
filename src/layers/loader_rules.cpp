#include "layers/loader_rules.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cli/string_tools.h"
#include "cli/whole_file.h"
#include "core/dynamic_loader.h"
#include "layers/child_output.h"
#include "layers/elf_dynamic.h"
#include "layers/elf_writer.h"
#include "layers/scratch_file.h"

namespace hfoffline::layers {
namespace {

// A program that needs a library nobody has: the loader then says wherever it looks. The names only
// have to be recognised in what it prints; they do not exist.
constexpr std::string_view kVariablePlace = "/hfoffline-asks-variable";
constexpr std::string_view kLibPlace = "/hfoffline-asks-lib/";
constexpr std::string_view kPlatformPlace = "/hfoffline-asks-platform/";
constexpr char kMissingLibrary[] = "libhfoffline-asks.so";

// The list in a line "search path=A:B:C<TAB><TAB>(WHY)", "" if the line is not one of those.
std::string_view listed_path(std::string_view line, std::string_view why) {
  constexpr std::string_view kStart = "search path=";
  const std::size_t start = line.find(kStart);
  const std::size_t reason = line.rfind("\t\t(");
  if (start == line.npos || reason == line.npos) return {};
  if (line.substr(reason + 3, why.size()) != why) return {};
  return line.substr(start + kStart.size(), reason - start - kStart.size());
}

bool is_musl(std::string_view soname, std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return soname == "libc.so" || soname.starts_with("libc.musl") || name.starts_with("ld-musl");
}

// musl looks for its list in the root that it was installed in: PREFIX/lib/ld-musl-ARCH.so.1.
absl::StatusOr<LoaderRules> musl_rules(const std::string& loader) {
  LoaderRules rules;
  rules.libc = Libc::kMusl;
  const std::string_view path = loader;
  const std::size_t slash = path.rfind('/');
  std::string_view name = path.substr(slash + 1);
  name = name.substr(0, name.find(".so"));
  std::string_view prefix = path.substr(0, slash);
  prefix = prefix.ends_with("/lib") ? prefix.substr(0, prefix.size() - 4) : std::string_view();
  const std::string list = std::string(prefix) + "/etc/" + std::string(name) + ".path";
  if (const std::optional<std::string> text = read_whole_file(list)) {
    rules.default_directories = parse_musl_path(*text);
  } else if (errno == ENOENT) {
    rules.default_directories = parse_musl_path("/lib:/usr/local/lib:/usr/lib");
  }
  return rules;
}

}  // namespace

std::vector<std::string> parse_musl_path(std::string_view text) {
  std::vector<std::string> result;
  for (const std::string_view part : cli::split(text.substr(0, text.find('\0')), ":\n")) {
    if (!part.empty()) result.emplace_back(part);
  }
  return result;
}

std::optional<std::string> read_whole_file(const std::string& path) {
  std::string text;
  const int failure = cli::read_whole(path, text, O_NONBLOCK);
  if (failure == 0) return text;
  errno = failure;
  return std::nullopt;
}

std::optional<LoaderRules> parse_loader_answer(std::string_view text) {
  LoaderRules rules;
  rules.subdirectories.clear();
  for (const std::string_view line : cli::split(text, "\n")) {
    if (const std::string_view list = listed_path(line, "LD_LIBRARY_PATH"); !list.empty()) {
      for (std::string_view part : cli::split(list, ":")) {
        if (!part.starts_with(kVariablePlace)) return std::nullopt;
        part.remove_prefix(kVariablePlace.size());
        if (part.starts_with('/')) part.remove_prefix(1);
        rules.subdirectories.emplace_back(part);
      }
    } else if (const std::string_view runpath = listed_path(line, "RUNPATH"); !runpath.empty()) {
      // The directory itself comes behind its subdirectories.
      for (const std::string_view part : cli::split(runpath, ":")) {
        if (part.starts_with(kLibPlace)) {
          rules.library_directory = part.substr(kLibPlace.size());
        } else if (part.starts_with(kPlatformPlace)) {
          rules.platform = part.substr(kPlatformPlace.size());
        }
      }
    } else if (const std::string_view system = listed_path(line, "system search path");
               !system.empty() && !rules.subdirectories.empty()) {
      const std::vector<std::string_view> parts = cli::split(system, ":");
      for (std::size_t i = rules.subdirectories.size() - 1; i < parts.size();
           i += rules.subdirectories.size()) {
        rules.default_directories.emplace_back(parts[i]);
      }
    }
  }
  if (rules.subdirectories.empty() || !rules.subdirectories.back().empty() ||
      rules.default_directories.empty()) {
    return std::nullopt;
  }
  return rules;
}

absl::StatusOr<LoaderRules> ask_loader(const std::string& loader, const std::string& scratch) {
  const int descriptor = open(loader.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return absl::ErrnoToStatus(errno, loader + " cannot be read");
  ElfSegments segments(descriptor);
  const bool is_loader = is_dynamic_loader(segments);
  const std::optional<ElfDynamic> file = read_elf_dynamic(descriptor);
  close(descriptor);
  // It is about to be executed: nothing but a loader is.
  if (!file || !is_loader) return absl::InvalidArgumentError(loader + " is no dynamic loader");

  absl::StatusOr<LoaderRules> rules = absl::UnknownError("");
  if (is_musl(file->soname, loader)) {
    rules = musl_rules(loader);
  } else {
    const std::string question = scratch + "/loader-question";
    const ElfImage image = {
        .interpreter = loader,
        .needed = {kMissingLibrary},
        .runpath = std::string(kLibPlace) + "$LIB:" + std::string(kPlatformPlace) + "$PLATFORM"};
    if (absl::Status status = write_scratch_file(question, write_elf(image)); !status.ok())
      return status;
    const ChildOutput output =
        run_child({.program = loader,
                   .arguments = {loader, question},
                   .environment = {"LD_LIBRARY_PATH=" + std::string(kVariablePlace),
                                   "LD_DEBUG=libs", "LD_TRACE_LOADED_OBJECTS=1"}});
    // LD_DEBUG's lines go to stderr.
    std::optional<LoaderRules> answer = parse_loader_answer(output.diagnostics);
    if (!answer) {
      return absl::InvalidArgumentError(loader + " does not say how it searches (" +
                                        describe_end(output) + ")");
    }
    rules = std::move(*answer);
    if (const std::optional<std::string> cache = read_whole_file("/etc/ld.so.cache"))
      rules->cache = parse_loader_cache(*cache);
  }
  rules->loader = loader;
  rules->soname = file->soname;
  return rules;
}

}  // namespace hfoffline::layers
