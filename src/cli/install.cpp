// `hfoffline install`: the launcher and the shim into a directory, for images and volumes.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/message.h"
#include "cli/run_settings.h"
#include "cli/shell_quote.h"
#include "cli/shim_file.h"
#include "cli/standard_output.h"
#include "cli/string_tools.h"
#include "cli/whole_file.h"

namespace hfoffline::cli {
namespace {

constexpr Flag kFlags[] = {
    {"to", "DIR", "where it is installed; made if it is not there, older files are replaced"}};

// 0 or an errno; what is there already must be a directory.
int make_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    struct stat status;
    if (mkdir(part.c_str(), 0755) != 0) {
      const int failure = errno;
      if (stat(part.c_str(), &status) != 0) return failure;
      if (!S_ISDIR(status.st_mode)) return ENOTDIR;
    }
    if (end == path.npos) return 0;
  }
}

struct File {
  std::string from;
  std::string to;
};

bool copy(const File& file) {
  std::string bytes;
  if (const int failure = read_whole(file.from, bytes); failure != 0) {
    error(cat(printable(file.from), " cannot be read: ", std::strerror(failure)));
    return false;
  }
  int failure = make_directories(file.to.substr(0, file.to.rfind('/')));
  if (failure == 0) failure = replace_whole(file.to, bytes, 0755);
  if (failure == 0) return true;
  error(cat(printable(file.to), " cannot be written: ", std::strerror(failure),
            "\n  give a directory that this user may write to"));
  return false;
}

}  // namespace

const Usage install_usage = {
    .synopsis = "--to DIR",
    .description =
        "Copies the launcher to DIR/bin and the shim to DIR/lib/hfoffline. Both are "
        "self-contained: they run in an image with any libc and with nothing else in it. Meant "
        "for images, and for volumes that an init container fills.\n\n"
        "The programs for `doctor`, `sample` and what else needs shared libraries stay here. DIR "
        "may be moved or mounted elsewhere as a whole.",
    .examples =
        "hfoffline install --to /opt/hfoffline\n"
        "/opt/hfoffline/bin/hfoffline run --models-dir /models -- pytest -q",
    .flags = kFlags,
    .takes_settings = false,
    .positionals = Positionals::kNone,
};

int install_command(const Context& context, const Arguments& arguments) {
  if (arguments.value("to").empty()) {
    error("--to DIR is missing: where should it be installed?");
    return kWrongUse;
  }
  const ShimFile shim = find_shim(context);
  if (!shim.problem.empty()) {
    error(shim.problem);
    return kOurFailure;
  }
  const std::string directory = absolute_path(arguments.value("to"));
  const File launcher = {executable_file(), cat(directory, "/bin/hfoffline")};
  const File library = {shim.path, cat(directory, "/lib/hfoffline/libhfoffline.so")};
  // The shim first: a launcher that is there works.
  if (!copy(library) || !copy(launcher)) return kOurFailure;
  const std::string program = printable(launcher.to);
  return print(cat(program, "\n", printable(library.to), "\nrun commands with ",
                   shell_quote(program), " run --models-dir DIR -- COMMAND\n"));
}

}  // namespace hfoffline::cli
