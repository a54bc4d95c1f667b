#include "cli/helper_program.h"

#include <unistd.h>

#include "cli/message.h"
#include "cli/run_directory.h"
#include "cli/shim_file.h"
#include "cli/string_tools.h"

namespace hfoffline::cli {

std::string find_helper(std::string_view name) {
  const std::string directory = executable_directory();
  for (const std::string_view place : {"/", "/../libexec/hfoffline/", "/../lib/hfoffline/"}) {
    const std::string path = cat(directory, place, name);
    if (access(path.c_str(), X_OK) == 0) return canonical_path(path);
  }
  error(cat("the helper program ", name, " is missing: looked beside ", printable(directory),
            " and in its ../libexec/hfoffline\n  install hfoffline again"));
  return "";
}

}  // namespace hfoffline::cli
