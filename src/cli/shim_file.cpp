#include "cli/shim_file.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "cli/message.h"
#include "cli/run_directory.h"
#include "cli/run_settings.h"
#include "cli/string_tools.h"
#include "core/settings.h"

namespace hfoffline::cli {
namespace {

constexpr char kShimName[] = "libhfoffline.so";
#if defined(__x86_64__)
#define HFOFFLINE_MULTIARCH "x86_64-linux-gnu"
#else
#define HFOFFLINE_MULTIARCH "aarch64-linux-gnu"
#endif
constexpr std::string_view kPlaces[] = {
    "/../shim/",
    "/../lib/hfoffline/",
    "/../lib/" HFOFFLINE_MULTIARCH "/hfoffline/",
    "/../lib64/hfoffline/",
};

bool is_regular_file(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool on_noexec_mount(const std::string& path) {
  struct statvfs mount;
  return statvfs(path.c_str(), &mount) == 0 && (mount.f_flag & ST_NOEXEC) != 0;
}

int copy_file(const std::string& from, const std::string& to) {
  const int source = open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) return errno;
  const int target = open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
  int result = target < 0 ? errno : 0;
  struct stat status;
  if (result == 0 && fstat(source, &status) != 0) result = errno;
  for (off_t left = status.st_size; result == 0 && left > 0;) {
    const ssize_t count = sendfile(target, source, nullptr, static_cast<std::size_t>(left));
    if (count < 0) result = errno;
    if (count == 0) result = EIO;
    left -= count;
  }
  close(source);
  if (target >= 0 && close(target) != 0 && result == 0) result = errno;
  return result;
}

}  // namespace

std::string executable_file() {
  char buffer[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", buffer, sizeof(buffer));
  std::string path;
  if (size > 0) {
    path.assign(buffer, static_cast<std::size_t>(size));
  } else {
    // Without /proc: as the kernel was told to execute us.
    path = canonical_path(reinterpret_cast<const char*>(getauxval(AT_EXECFN)));
  }
  return path;
}

std::string executable_directory() {
  const std::string path = executable_file();
  return path.substr(0, path.rfind('/'));
}

ShimFile find_shim(const Context& context) {
  ShimFile shim;
  if (const char* given = find_in_environment(context.environment, "HFOFFLINE_SHIM")) {
    shim.path = absolute_path(given);
    if (!is_regular_file(shim.path)) {
      shim.problem = cat("the shim \"", printable(given),
                         "\" that HFOFFLINE_SHIM names is not there, or is no file",
                         "\n  unset HFOFFLINE_SHIM to use the installed one");
    }
  } else {
    const std::string directory = executable_directory();
    std::string looked_at;
    for (const std::string_view place : kPlaces) {
      const std::string path = cat(directory, place, kShimName);
      if (access(path.c_str(), F_OK) == 0) {
        shim.path = canonical_path(path);
        break;
      }
      append(&looked_at, "\n  looked at ", printable(path));
    }
    if (shim.path.empty()) {
      shim.problem = cat("the shim ", kShimName, " is missing", looked_at,
                         "\n  install it again, or set HFOFFLINE_SHIM to where it is");
    }
  }
  if (shim.problem.empty() && access(shim.path.c_str(), R_OK) != 0) {
    shim.problem = cat("the shim \"", printable(shim.path), "\" cannot be read (",
                       std::strerror(errno), ")\n  make it readable for the user of the run");
  }
  return shim;
}

LoaderObstacle loader_obstacle(const std::string& path) {
  if (path.find_first_of(" :$\t\n") != path.npos) return LoaderObstacle::kCharacters;
  return on_noexec_mount(path) ? LoaderObstacle::kNoexec : LoaderObstacle::kNone;
}

std::string loadable_path(const std::string& path, RunDirectory& directory, std::string* problem) {
  const LoaderObstacle obstacle = loader_obstacle(path);
  if (obstacle == LoaderObstacle::kNone) return path;
  const bool noexec = on_noexec_mount(path);
  const std::string what = noexec ? "its file system is mounted noexec"
                                  : "its path has a blank, a colon or a dollar sign";
  const std::string parent = directory.place_for_shim();
  int failure = directory.create_place_for_shim();
  if (failure == 0) {
    const LoaderObstacle there = loader_obstacle(parent);
    // A link only needs a path that the loader can take; a copy must be mapped as code.
    if (there == LoaderObstacle::kCharacters || (noexec && there == LoaderObstacle::kNoexec)) {
      *problem =
          cat("the loader cannot take the shim \"", printable(path), "\" (", what,
              "), nor a copy of it in \"", printable(parent),
              "\"\n  set TMPDIR to a directory without such characters on a file system that is "
              "not mounted noexec");
      return "";
    }
    std::string other = cat(parent, "/", kShimName);
    failure =
        noexec ? copy_file(path, other) : (symlink(path.c_str(), other.c_str()) == 0 ? 0 : errno);
    if (failure == 0) return other;
  }
  *problem = cat("the loader cannot take the shim \"", printable(path), "\" (", what,
                 "), and it cannot be put into \"", printable(parent), "\" (",
                 std::strerror(failure), ")");
  return "";
}

}  // namespace hfoffline::cli
