#include "layers/writable.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace hfoffline::layers {
namespace {

// The directory, or the nearest one above it that is there.
std::string existing(std::string directory) {
  struct stat status;
  while (stat(directory.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    const std::size_t slash = directory.rfind('/');
    if (slash == directory.npos) return ".";
    directory.resize(slash == 0 ? 1 : slash);
    if (directory == "/") break;
  }
  return directory;
}

}  // namespace

bool is_writable_here(const std::string& directory) {
  const std::string place = existing(directory);
  struct stat status;
  return stat(place.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         faccessat(AT_FDCWD, place.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

bool is_writable_by_others(const std::string& directory) {
  const std::string place = existing(directory);
  struct stat status;
  if (stat(place.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return false;
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return true;
  const uid_t user = geteuid();
  if (user == 0) return status.st_uid != 0;
  return is_writable_here(place);
}

}  // namespace hfoffline::layers
