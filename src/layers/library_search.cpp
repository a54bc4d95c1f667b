#include "layers/library_search.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "cli/string_tools.h"

namespace hfoffline::layers {
namespace {

// A chain of libraries that need each other is finite, but the files may be anything.
constexpr std::size_t kMaximumFiles = 4096;

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string resolved(const std::string& path) {
  char buffer[PATH_MAX];
  return realpath(path.c_str(), buffer) == nullptr ? path : std::string(buffer);
}

class Search {
 public:
  Search(const LoaderRules& rules, const LoaderVariables& variables)
      : rules_(rules), variables_(variables) {}

  bool start(const std::string& program) {
    std::optional<ElfDynamic> elf = read_elf_dynamic(program);
    if (!elf || !elf->native || !elf->has_dynamic_section) return false;
    add(program, {}, std::move(*elf), std::nullopt);
    // The loader is mapped before anything else.
    add(rules_.loader, {rules_.loader, rules_.soname}, ElfDynamic(), 0);
    for (const std::string& name : variables_.preload) request(name, 0);
    follow();
    return true;
  }

  void load(const std::string& path) {
    request(path, 0);
    follow();
  }

  LibrarySearch take() { return std::move(result_); }

 private:
  std::size_t add(const std::string& path, std::vector<std::string> names, ElfDynamic elf,
                  std::optional<std::size_t> loader) {
    if (!elf.soname.empty()) names.push_back(elf.soname);
    result_.loaded.push_back({path, std::move(names), std::move(elf), loader});
    return result_.loaded.size() - 1;
  }

  void follow() {
    for (; next_ < result_.loaded.size() && result_.loaded.size() < kMaximumFiles; ++next_) {
      // By value: requests add to the list.
      const std::vector<std::string> needed = result_.loaded[next_].elf.needed;
      for (const std::string& name : needed) request(name, next_);
    }
  }

  // glibc: $ORIGIN, $LIB and $PLATFORM, with or without braces. musl: $ORIGIN alone, and a list
  // that has any other is left out as a whole (empty result).
  std::optional<std::string> expand(std::string_view text, const std::string& origin) const {
    std::string result;
    while (!text.empty()) {
      const std::size_t dollar = text.find('$');
      result.append(text.substr(0, dollar));
      if (dollar == text.npos) break;
      text.remove_prefix(dollar + 1);
      const bool braces = text.starts_with('{');
      if (braces) text.remove_prefix(1);
      const auto takes = [&](std::string_view name) {
        if (!text.starts_with(name)) return false;
        std::string_view rest = text.substr(name.size());
        if (braces && !rest.starts_with('}')) return false;
        text = braces ? rest.substr(1) : rest;
        return true;
      };
      if (takes("ORIGIN")) {
        result.append(origin);
      } else if (rules_.libc == Libc::kMusl) {
        return std::nullopt;
      } else if (takes("LIB")) {
        result.append(rules_.library_directory);
      } else if (takes("PLATFORM")) {
        result.append(rules_.platform);
      } else {
        result.append(braces ? "${" : "$");
      }
    }
    return result;
  }

  void add_list(std::string_view list, SearchRule rule, const std::string& owner,
                std::vector<SearchPlace>& places) const {
    if (list.empty()) return;
    const bool musl = rules_.libc == Libc::kMusl;
    const std::string_view separators = musl                               ? ":\n"
                                        : rule == SearchRule::kLibraryPath ? ":;"
                                                                           : ":";
    const std::string origin =
        directory_of(resolved(owner.empty() ? result_.loaded[0].path : owner));
    std::vector<SearchPlace> added;
    for (const std::string_view part : cli::split(list, separators)) {
      if (part.empty() && musl) continue;
      // In LD_LIBRARY_PATH musl expands nothing.
      const bool literal = musl && rule == SearchRule::kLibraryPath;
      std::optional<std::string> directory = literal ? std::string(part) : expand(part, origin);
      if (!directory) return;
      while (directory->size() > 1 && directory->ends_with('/')) directory->pop_back();
      added.push_back({rule, directory->empty() ? "." : *directory, std::string(part), owner});
    }
    places.insert(places.end(), added.begin(), added.end());
  }

  std::vector<SearchPlace> places_for(std::string_view name, std::size_t requester) const {
    std::vector<SearchPlace> places;
    const LoadedFile& file = result_.loaded[requester];
    if (rules_.libc == Libc::kMusl) {
      add_list(variables_.library_path, SearchRule::kLibraryPath, "", places);
      for (std::optional<std::size_t> at = requester; at; at = result_.loaded[*at].loader) {
        const LoadedFile& other = result_.loaded[*at];
        const bool runpath = other.elf.runpath.has_value();
        const std::string list = runpath ? *other.elf.runpath : other.elf.rpath.value_or("");
        add_list(list, runpath && *at == requester ? SearchRule::kRunpath : SearchRule::kRpath,
                 other.path, places);
      }
    } else {
      if (!file.elf.runpath) {
        bool program_asked = false;
        for (std::optional<std::size_t> at = requester; at; at = result_.loaded[*at].loader) {
          program_asked = program_asked || *at == 0;
          add_rpath(result_.loaded[*at], places);
        }
        if (!program_asked) add_rpath(result_.loaded[0], places);
      }
      add_list(variables_.library_path, SearchRule::kLibraryPath, "", places);
      if (file.elf.runpath) add_list(*file.elf.runpath, SearchRule::kRunpath, file.path, places);
      const std::string cached = cached_path(name);
      if (!cached.empty() && !(file.elf.no_default_directories && is_default(cached)))
        places.push_back({SearchRule::kCache, directory_of(cached), cached, ""});
    }
    if (!file.elf.no_default_directories) {
      for (const std::string& directory : rules_.default_directories)
        places.push_back({SearchRule::kDefault, directory, directory, ""});
    }
    return places;
  }

  void add_rpath(const LoadedFile& file, std::vector<SearchPlace>& places) const {
    if (file.elf.rpath && !file.elf.runpath)
      add_list(*file.elf.rpath, SearchRule::kRpath, file.path, places);
  }

  // The entry of the best subdirectory that this processor has.
  std::string cached_path(std::string_view name) const {
    const auto found = rules_.cache.find(name);
    if (found == rules_.cache.end()) return "";
    for (const std::string& subdirectory : rules_.subdirectories) {
      for (const LoaderCacheEntry& entry : found->second) {
        const std::string full =
            entry.subdirectory.empty() ? "" : "glibc-hwcaps/" + entry.subdirectory;
        if (full == subdirectory) return entry.path;
      }
    }
    return "";
  }

  bool is_default(const std::string& path) const {
    return std::any_of(
        rules_.default_directories.begin(), rules_.default_directories.end(),
        [&](const std::string& directory) {
          return path.starts_with(directory.ends_with('/') ? directory : directory + "/");
        });
  }

  // Whether the loader stops its search at this file: it is there, and for this machine. (A file
  // that is no ELF at all makes glibc give up, but then there is nothing to judge.)
  bool takes(const std::string& path) const {
    if (access(path.c_str(), R_OK) != 0) return false;
    struct stat status;
    if (stat(path.c_str(), &status) != 0 || S_ISDIR(status.st_mode)) return false;
    if (rules_.libc == Libc::kMusl) return true;
    const std::optional<ElfDynamic> elf = read_elf_dynamic(path);
    return !elf || elf->native;
  }

  // The file of that name in a place, "" if it is not there.
  std::string find_in(const SearchPlace& place, const std::string& name) const {
    if (place.rule == SearchRule::kCache) return takes(place.written) ? place.written : "";
    for (const std::string& subdirectory : rules_.subdirectories) {
      std::string path =
          cli::cat(place.directory, "/", subdirectory, subdirectory.empty() ? "" : "/", name);
      if (takes(path)) return path;
    }
    return "";
  }

  LoadedFile* loaded_as(std::string_view name) {
    // musl answers to the names of the libraries that it is made of.
    if (rules_.libc == Libc::kMusl && name.starts_with("lib")) {
      for (const std::string_view part : {"c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."}) {
        if (name.substr(3).starts_with(part)) return &result_.loaded[1];
      }
    }
    for (LoadedFile& file : result_.loaded) {
      if (std::find(file.names.begin(), file.names.end(), name) != file.names.end()) return &file;
    }
    return nullptr;
  }

  void request(const std::string& name, std::size_t requester) {
    LibraryRequest request;
    request.name = name;
    request.requester = result_.loaded[requester].path;
    if (const LoadedFile* file = loaded_as(name)) {
      request.path = file->path;
      request.loaded_before = true;
      result_.requests.push_back(std::move(request));
      return;
    }
    if (name.find('/') != name.npos) {
      const std::string path =
          expand(name, directory_of(resolved(request.requester))).value_or(name);
      request.places.push_back({SearchRule::kName, directory_of(path), name, request.requester});
      if (takes(path)) request.path = path;
    } else {
      request.places = places_for(name, requester);
      for (; request.place < request.places.size() && request.path.empty();) {
        request.path = find_in(request.places[request.place], name);
        if (request.path.empty()) ++request.place;
      }
    }
    if (request.path.empty()) request.place = request.places.size();
    if (!request.path.empty()) remember(request, requester);
    result_.requests.push_back(std::move(request));
  }

  void remember(LibraryRequest& request, std::size_t requester) {
    // The same file under another name is not mapped twice.
    for (LoadedFile& file : result_.loaded) {
      if (!same_file(file.path, request.path)) continue;
      file.names.push_back(request.name);
      request.path = file.path;
      return;
    }
    ElfDynamic elf = read_elf_dynamic(request.path).value_or(ElfDynamic());
    // musl goes by file names and not by sonames.
    if (rules_.libc == Libc::kMusl) elf.soname.clear();
    add(request.path, {request.name}, std::move(elf), requester);
  }

  const LoaderRules& rules_;
  const LoaderVariables& variables_;
  LibrarySearch result_;
  std::size_t next_ = 0;
};

}  // namespace

bool same_file(const std::string& a, const std::string& b) {
  struct stat first;
  struct stat second;
  return stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

std::optional<LibrarySearch> search_libraries(const std::string& program,
                                              const std::string& extension,
                                              const LoaderRules& rules,
                                              const LoaderVariables& variables) {
  Search search(rules, variables);
  if (!search.start(program)) return std::nullopt;
  if (!extension.empty()) search.load(extension);
  return search.take();
}

LoaderVariables loader_variables(const LoaderRules& rules) {
  LoaderVariables variables;
  if (const char* path = getenv("LD_LIBRARY_PATH")) variables.library_path = path;
  const auto add = [&](std::string_view list, std::string_view separators) {
    for (const std::string_view name : cli::split(list, separators)) {
      if (!name.empty()) variables.preload.emplace_back(name);
    }
  };
  // musl splits at any blank or colon, and has no file.
  if (const char* preload = getenv("LD_PRELOAD"))
    add(preload, rules.libc == Libc::kMusl ? ": \t\n\v\f\r" : ": ");
  if (rules.libc == Libc::kGlibc) {
    if (std::optional<std::string> file = read_whole_file("/etc/ld.so.preload")) {
      while (file->find('#') != file->npos) {
        const std::size_t start = file->find('#');
        const std::size_t end = file->find('\n', start);
        file->erase(start, end == file->npos ? end : end - start);
      }
      add(*file, ": \t\n");
    }
  }
  return variables;
}

std::string_view rule_name(SearchRule rule) {
  switch (rule) {
    case SearchRule::kName:
      return "a path";
    case SearchRule::kRpath:
      return "DT_RPATH";
    case SearchRule::kLibraryPath:
      return "LD_LIBRARY_PATH";
    case SearchRule::kRunpath:
      return "DT_RUNPATH";
    case SearchRule::kCache:
      return "ld.so.cache";
    case SearchRule::kDefault:
      return "the default directories";
  }
  return "";
}

}  // namespace hfoffline::layers
