// What the dynamic loader picks for each DT_NEEDED, worked out from the files and its rules without
// starting anything.
//
// glibc (elf/dl-load.c): DT_RPATH of the requester, of those that loaded it and of the program,
// unless the requester has a DT_RUNPATH; LD_LIBRARY_PATH; the requester's DT_RUNPATH; ld.so.cache;
// the default directories. In each directory its hardware subdirectories come first. musl
// (ldso/dynlink.c): LD_LIBRARY_PATH; DT_RUNPATH or DT_RPATH of the requester and of those that
// loaded it; the list of /etc/ld-musl-ARCH.path. A library that is loaded already, under its soname
// or the name it was asked for by, is not looked for again. Programs that run with somebody else's
// rights are read as if they did not: for those the loader leaves variables out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "layers/elf_dynamic.h"
#include "layers/loader_rules.h"

namespace hfoffline::layers {

enum class SearchRule {
  kName,         // a name with a slash is a path
  kRpath,        // DT_RPATH (for musl also an inherited DT_RUNPATH)
  kLibraryPath,  // LD_LIBRARY_PATH
  kRunpath,      // DT_RUNPATH
  kCache,        // ld.so.cache
  kDefault,
};

// One directory of a search order.
struct SearchPlace {
  SearchRule rule = SearchRule::kName;
  std::string
      directory;  // as the loader will open it; relative to its working directory if it is relative
  std::string written;  // as somebody wrote it: "$ORIGIN/../lib", or "" for the working directory
  std::string owner;    // the ELF file whose RPATH or RUNPATH names it; "" for other rules
};

struct LibraryRequest {
  std::string name;       // as DT_NEEDED has it
  std::string requester;  // path of the file that needs it
  std::vector<SearchPlace> places;
  // What is picked: "" if nothing is found; then `place` is places.size().
  std::string path;
  std::size_t place = 0;
  // Picked because it is loaded already: no directory was searched and `place` means nothing.
  bool loaded_before = false;
};

struct LoaderVariables {
  std::string library_path;          // LD_LIBRARY_PATH, "": not set
  std::vector<std::string> preload;  // LD_PRELOAD and /etc/ld.so.preload, in the loader's order
};

struct LoadedFile {
  std::string path;
  std::vector<std::string> names;  // that it answers to
  ElfDynamic elf;
  std::optional<std::size_t>
      loader;  // index of the file that asked for it; nothing for the program
};

struct LibrarySearch {
  std::vector<LoadedFile> loaded;  // in the order of loading; the first is the program
  std::vector<LibraryRequest> requests;
};

// `program`: an absolute path. Nothing if it cannot be read or has no dynamic section. `extension`,
// if not "", is a library that the program loads by its path after its start.
std::optional<LibrarySearch> search_libraries(const std::string& program,
                                              const std::string& extension,
                                              const LoaderRules& rules,
                                              const LoaderVariables& variables);

// What this process would hand on: its own LD_LIBRARY_PATH and LD_PRELOAD, and /etc/ld.so.preload
// where the loader reads it.
LoaderVariables loader_variables(const LoaderRules& rules);

// The loader's rule as people know it: "DT_RPATH", "LD_LIBRARY_PATH", "ld.so.cache".
std::string_view rule_name(SearchRule rule);

// Whether both are there and are one file, by whatever names.
bool same_file(const std::string& a, const std::string& b);

}  // namespace hfoffline::layers
