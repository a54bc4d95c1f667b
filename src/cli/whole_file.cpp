#include "cli/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "cli/string_tools.h"

namespace hfoffline::cli {

int read_whole(const std::string& path, std::string& bytes, int flags) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (descriptor < 0) return errno;
  int failure = 0;
  char chunk[65536];
  for (;;) {
    const ssize_t count = read(descriptor, chunk, sizeof(chunk));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) failure = errno;
    if (count <= 0) break;
    bytes.append(chunk, static_cast<std::size_t>(count));
  }
  close(descriptor);
  return failure;
}

int replace_whole(const std::string& path, std::string_view bytes, mode_t mode) {
  const std::string temporary = cat(path, ".", getpid(), ".tmp");
  const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (descriptor < 0) return errno;
  int failure = fchmod(descriptor, mode) == 0 ? 0 : errno;
  while (!bytes.empty() && failure == 0) {
    const ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) failure = errno;
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (close(descriptor) != 0 && failure == 0) failure = errno;
  if (failure == 0 && rename(temporary.c_str(), path.c_str()) != 0) failure = errno;
  if (failure != 0) unlink(temporary.c_str());
  return failure;
}

}  // namespace hfoffline::cli
