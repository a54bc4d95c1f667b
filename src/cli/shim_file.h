// The shim's file, and whether the dynamic loader can take its path.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/run_directory.h"

namespace hfoffline::cli {

// Directory of the running executable, without symbolic links; "" without /proc.
std::string executable_file();
std::string executable_directory();

struct ShimFile {
  std::string path;     // absolute
  std::string problem;  // why it cannot be used, and what to do; empty: it can
};

// $HFOFFLINE_SHIM, else next to the executable: ../shim (build tree), ../lib/hfoffline,
// ../lib/<multiarch>/hfoffline.
ShimFile find_shim(const Context& context);

enum class LoaderObstacle {
  kNone,
  kCharacters,  // the loader splits LD_PRELOAD at blanks and colons, and expands '$'
  kNoexec,      // the file system is mounted noexec: nothing on it can be mapped as code
};
LoaderObstacle loader_obstacle(const std::string& path);

// A path of the same file that the loader can take: `path` itself, or a link or copy made in the
// run's place for it. Returns "" and fills `problem` where neither helps.
std::string loadable_path(const std::string& path, RunDirectory& directory, std::string* problem);

}  // namespace hfoffline::cli
