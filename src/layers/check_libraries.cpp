// `hfoffline shadow libs`: which copy of each library a program gets, and who could put another in
// its place.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <map>
#include <set>

#include "cli/string_tools.h"
#include "layers/checker.h"
#include "layers/child_output.h"
#include "layers/delayed_signals.h"
#include "layers/library_observation.h"
#include "layers/library_search.h"
#include "layers/library_sentinel.h"
#include "layers/scratch_file.h"
#include "layers/writable.h"

namespace hfoffline::layers {
namespace {

constexpr std::string_view kChecker = "libs";

const char* variable(const ShadowRequest& request, std::string_view name) {
  for (const char* const* entry = request.environment; entry != nullptr && *entry; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with(name) && text.size() > name.size() && text[name.size()] == '=')
      return *entry + name.size() + 1;
  }
  return nullptr;
}

// Absolute, and found in PATH where it is a mere name; "" if there is no such file.
std::string find_program(const ShadowRequest& request, const std::string& name) {
  char buffer[PATH_MAX];
  if (name.find('/') != name.npos)
    return realpath(name.c_str(), buffer) == nullptr ? "" : std::string(buffer);
  const char* path = variable(request, "PATH");
  std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
  for (;;) {
    const std::size_t end = rest.find(':');
    const std::string_view directory = rest.substr(0, end);
    const std::string file = (directory.empty() ? "." : std::string(directory)) + "/" + name;
    struct stat status;
    if (stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
        access(file.c_str(), X_OK) == 0 && realpath(file.c_str(), buffer) != nullptr) {
      return buffer;
    }
    if (end == rest.npos) return "";
    rest.remove_prefix(end + 1);
  }
}

std::string real(const std::string& path) {
  char buffer[PATH_MAX];
  return realpath(path.c_str(), buffer) == nullptr ? path : std::string(buffer);
}

bool is_below(const std::string& path, const std::string& directory) {
  if (directory.empty()) return false;
  const std::string with_slash = directory.ends_with('/') ? directory : directory + "/";
  return path == directory || path.starts_with(with_slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// What one program is judged by.
class LibraryCheck {
 public:
  LibraryCheck(const ShadowRequest& request, std::string program, std::string extension)
      : request_(request), program_(std::move(program)), extension_(std::move(extension)) {}

  absl::Status run(ShadowReport& report) {
    const DelayedSignals delayed;
    absl::StatusOr<ScratchDirectory> scratch = ScratchDirectory::make();
    if (!scratch.ok()) return scratch.status();
    scratch_ = scratch->path();
    const std::optional<ElfDynamic> elf = read_elf_dynamic(program_);
    if (!elf) return absl::InvalidArgumentError(program_ + " is no ELF program");
    if (!elf->native) return absl::InvalidArgumentError(program_ + " is for another machine");
    if (elf->interpreter.empty()) {
      report.orders.push_back({std::string(kChecker),
                               program_,
                               {},
                               {"it is linked statically: no library is looked for"}});
      return absl::OkStatus();
    }
    absl::StatusOr<LoaderRules> rules = ask_loader(elf->interpreter, scratch_);
    if (!rules.ok()) return rules.status();
    rules_ = &*rules;
    set_core();
    const LoaderVariables variables = loader_variables(*rules_);
    std::optional<LibrarySearch> search =
        search_libraries(program_, extension_, *rules_, variables);
    if (!search) return absl::InvalidArgumentError(program_ + " has no dynamic section");
    search_ = &*search;
    environment_ = environment_without({});
    order_.checker = kChecker;
    order_.title = extension_.empty() ? program_ : extension_ + " in " + program_;
    if (!request_.only_read) {
      absl::StatusOr<LoadedLibraries> observed =
          extension_.empty() ? list_libraries(*rules_, program_, environment_)
                             : watch_extension(program_, extension_, environment_);
      if (!observed.ok()) return observed.status();
      observed_ = std::move(*observed);
    }
    list_places();
    std::size_t judged = 0;
    for (const LibraryRequest& library : search_->requests) {
      if (library.loaded_before || library.places.empty()) continue;
      // The extension module itself was given by its path.
      if (library.name == extension_) continue;
      if (absl::Status status = judge(library, report); !status.ok()) return status;
      ++judged;
    }
    judge_preloads(variables, report);
    for (auto& [key, pending] : pending_) {
      if (pending.further > 0) {
        pending.finding.why += "; so it does for " + std::to_string(pending.further) +
                               " more librar" + (pending.further == 1 ? "y" : "ies") + " of core";
      }
      report.findings.push_back(std::move(pending.finding));
    }
    order_.facts.push_back(std::to_string(judged) + " libraries looked for, by " +
                           std::string(rules_->libc == Libc::kMusl ? "musl" : "glibc") +
                           "'s rules" + (request_.only_read ? "" : " and by the loader itself"));
    if (asked_ > 0) {
      order_.facts.push_back(
          std::to_string(asked_) +
          " sentinels planted in stand-ins for directories, each seen by its control");
    }
    report.orders.push_back(std::move(order_));
    return absl::OkStatus();
  }

 private:
  struct Pending {
    Finding finding;
    std::size_t further = 0;
  };

  void set_core() {
    if (request_.core.empty()) return;
    for (const Layer& layer : request_.layers) {
      if (layer.name == request_.core) core_ = real(layer.path);
    }
    if (core_.empty() && request_.core.find('/') != request_.core.npos) core_ = real(request_.core);
  }

  // Without --core: what the program finds without any variable. What an extension module brings
  // along by its own paths is not part of that.
  bool is_core(const SearchPlace& place) const {
    if (!core_.empty()) return is_below(real(place.directory), core_);
    switch (place.rule) {
      case SearchRule::kCache:
      case SearchRule::kDefault:
        return true;
      case SearchRule::kRpath:
      case SearchRule::kRunpath:
        return !place.directory.empty() && place.directory[0] == '/' &&
               !is_from_extension(place.owner);
      case SearchRule::kName:
      case SearchRule::kLibraryPath:
        return false;
    }
    return false;
  }

  bool is_from_extension(const std::string& path) const {
    bool behind = false;
    for (const LoadedFile& file : search_->loaded) {
      behind = behind || (!extension_.empty() && file.path == extension_);
      if (file.path == path) return behind;
    }
    return false;
  }

  std::string layer_of(const SearchPlace& place) const {
    const std::string directory = real(place.directory);
    for (const Layer& layer : request_.layers) {
      if (layer.kind == kChecker && is_below(directory, real(layer.path))) return layer.name;
    }
    return place.rule == SearchRule::kDefault ? "default" : std::string(rule_name(place.rule));
  }

  std::string why_of(const SearchPlace& place) const {
    std::string text(rule_name(place.rule));
    if (place.rule == SearchRule::kDefault) return text + " of " + rules_->loader;
    if (place.rule == SearchRule::kCache) return text + ", which ldconfig writes";
    if (place.owner.empty()) {
      if (place.written.empty()) text += ", an empty entry, which means the working directory";
      return text;
    }
    return text + " \"" + place.written + "\" of " + place.owner;
  }

  void list_places() {
    std::set<std::string> seen;
    for (const LibraryRequest& library : search_->requests) {
      for (const SearchPlace& place : library.places) {
        if (place.rule == SearchRule::kName || !seen.insert(place.directory).second) continue;
        order_.places.push_back({layer_of(place), place.directory, why_of(place), is_core(place)});
      }
    }
  }

  std::string file_in(const SearchPlace& place, const std::string& name) const {
    if (place.rule == SearchRule::kCache) return place.written;
    for (const std::string& subdirectory : rules_->subdirectories) {
      std::string path =
          cli::cat(place.directory, "/", subdirectory, subdirectory.empty() ? "" : "/", name);
      if (access(path.c_str(), F_OK) == 0) return path;
    }
    return "";
  }

  absl::Status judge(const LibraryRequest& library, ShadowReport& report) {
    std::string winner = library.path;
    std::size_t place = library.place;
    if (!request_.only_read) {
      const auto seen = observed_.find(library.name);
      const std::string observed = seen == observed_.end() ? "" : seen->second;
      const bool same = observed == winner || same_file(observed, winner);
      if (!same) {
        report.findings.push_back(finding(
            FindingKind::library_search_differs, library, winner, observed,
            "by " +
                std::string(place < library.places.size() ? rule_name(library.places[place].rule)
                                                          : "its rules") +
                " it should be " + (winner.empty() ? "missing" : winner),
            "see which file is loaded with LD_DEBUG=libs, and report it if the rules are read "
            "wrongly here"));
        winner = observed;
        for (place = 0; place < library.places.size(); ++place) {
          if (same_file(file_in(library.places[place], library.name), winner)) break;
        }
      }
    }
    if (winner.empty()) {
      report.findings.push_back(finding(FindingKind::library_missing, library, "", "",
                                        "needed by " + library.requester,
                                        "install it, or remove what needs it"));
      return absl::OkStatus();
    }
    if (place == library.places.size()) return absl::OkStatus();
    const auto core = std::find_if(
        library.places.begin(), library.places.end(), [&](const SearchPlace& candidate) {
          return is_core(candidate) && !file_in(candidate, library.name).empty();
        });
    if (core == library.places.end())
      return absl::OkStatus();  // core has none: nothing of it is shadowed
    const std::string core_file = file_in(*core, library.name);
    const SearchPlace& winning = library.places[place];
    if (!is_core(winning) && !same_file(core_file, winner)) {
      Finding found =
          finding(FindingKind::library_shadowed, library, core_file, winner,
                  why_of(winning) + " is searched before " + why_of(*core), fix_of(winning));
      found.layer = layer_of(winning);
      found.path = winner;
      report.findings.push_back(std::move(found));
    }
    for (std::size_t i = 0; i <= place; ++i) {
      if (absl::Status status = judge_place(library, i, place, core_file); !status.ok())
        return status;
    }
    return absl::OkStatus();
  }

  // Whether somebody could put a library of that name into the place, and it would win.
  absl::Status judge_place(const LibraryRequest& library, std::size_t index, std::size_t winning,
                           const std::string& core_file) {
    const SearchPlace& place = library.places[index];
    const bool listed = place.rule == SearchRule::kCache || place.rule == SearchRule::kDefault;
    const bool relative = place.directory[0] != '/';
    const bool writable =
        is_core(place) ? is_writable_by_others(place.directory) : is_writable_here(place.directory);
    if (!writable && !relative) return absl::OkStatus();
    // What already wins from a layer that is not core's is said by that finding.
    if (index == winning && !is_core(place)) return absl::OkStatus();
    // The cache names files; a new one in a default directory is not seen while the cache has the
    // name.
    if (listed && index != winning) return absl::OkStatus();
    const FindingKind kind = relative           ? FindingKind::library_working_directory
                             : index == winning ? FindingKind::library_replaceable
                                                : FindingKind::library_can_be_shadowed;
    const auto key = std::make_pair(place.directory, kind);
    if (const auto found = pending_.find(key); found != pending_.end()) {
      ++found->second.further;
      return absl::OkStatus();
    }
    bool observed = false;
    if (!listed && !request_.only_read) {
      const absl::StatusOr<SentinelAnswer> answer =
          plant_sentinel(*rules_, {&library, index}, scratch_, asked_, environment_);
      if (!answer.ok()) return answer.status();
      ++asked_;
      if (*answer == SentinelAnswer::kNotAsked) {
        return absl::InternalError("the loader did not look into the stand-in for " +
                                   place.directory + ": the check proves nothing");
      }
      if (*answer == SentinelAnswer::kNotSeen) return absl::OkStatus();
      observed = true;
    }
    Finding found = finding(kind, library, core_file, core_file,
                            (observed ? "a sentinel at its place won: " : "") + why_of(place) +
                                (index == winning ? " is where it comes from, and can be written to"
                                                  : " is searched before it"),
                            fix_of(place));
    found.layer = layer_of(place);
    found.path = place.directory;
    found.observed = observed;
    pending_.emplace(key, Pending{std::move(found), 0});
    return absl::OkStatus();
  }

  void judge_preloads(const LoaderVariables& variables, ShadowReport& report) const {
    for (const std::string& name : variables.preload) {
      // Ours stands there in every run.
      if (name_of(name).starts_with("libhfoffline")) continue;
      Finding found;
      found.kind = FindingKind::library_preloaded;
      found.subject = name;
      found.layer = "LD_PRELOAD";
      found.path = name;
      found.why = "LD_PRELOAD or /etc/ld.so.preload: its functions win over those of every library";
      found.fix = "unset LD_PRELOAD, if it is not meant";
      report.findings.push_back(std::move(found));
    }
  }

  std::string fix_of(const SearchPlace& place) const {
    switch (place.rule) {
      case SearchRule::kLibraryPath:
        return place.directory[0] == '/' ? "take " + place.directory + " out of LD_LIBRARY_PATH"
                                         : "take the empty or relative entries out of "
                                           "LD_LIBRARY_PATH (a colon at its start or end is one)";
      case SearchRule::kRpath:
      case SearchRule::kRunpath:
        return "make " + place.directory + " read-only, or remove it from " + place.owner +
               " (patchelf --remove-rpath)";
      case SearchRule::kName:
      case SearchRule::kCache:
      case SearchRule::kDefault:
        break;
    }
    return "make " + place.directory + " writable for root alone";
  }

  Finding finding(FindingKind kind, const LibraryRequest& library, const std::string& core,
                  const std::string& winner, std::string why, std::string fix) const {
    Finding result;
    result.kind = kind;
    result.subject = library.name;
    result.core = core;
    result.winner = winner;
    result.observed = !request_.only_read;
    result.why = std::move(why);
    result.fix = std::move(fix);
    return result;
  }

  const ShadowRequest& request_;
  std::string program_;
  std::string extension_;
  std::string scratch_;
  std::string core_;  // real path; "": what the program finds without variables
  const LoaderRules* rules_ = nullptr;
  const LibrarySearch* search_ = nullptr;
  LoadedLibraries observed_;
  std::vector<std::string> environment_;
  std::map<std::pair<std::string, FindingKind>, Pending> pending_;
  SearchOrder order_;
  std::size_t asked_ = 0;
};

}  // namespace

absl::Status check_libraries(const ShadowRequest& request, ShadowReport& report) {
  const bool has_extension = !request.extension.empty();
  const std::string given = !request.program.empty()  ? request.program
                            : !request.python.empty() ? request.python
                                                      : "python3";
  std::string program = find_program(request, given);
  if (program.empty()) {
    return absl::InvalidArgumentError(given + " is not found; name a program with --program");
  }
  // A version manager's python is a script, which knows the interpreter.
  if (request.program.empty() && !request.only_read && !read_elf_dynamic(program)) {
    const ChildOutput said =
        run_child({.program = program,
                   .arguments = {program, "-I", "-S", "-c", "import sys; print(sys.executable)"},
                   .environment = environment_without({})});
    if (said.succeeded() && said.out.ends_with('\n'))
      program = real(said.out.substr(0, said.out.size() - 1));
  }
  std::string extension;
  if (has_extension) {
    extension = real(request.extension);
    const std::optional<ElfDynamic> elf = read_elf_dynamic(extension);
    if (!elf || !elf->native) {
      return absl::InvalidArgumentError(request.extension +
                                        " is no shared library for this machine");
    }
  }
  return LibraryCheck(request, program, extension).run(report);
}

}  // namespace hfoffline::layers
