#include "cli/record_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hfoffline::cli {
namespace {

bool ends_in_the_middle_of_a_line(const std::string& path, off_t size) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  char last = '\n';
  const bool torn = pread(descriptor, &last, 1, size - 1) == 1 && last != '\n';
  close(descriptor);
  return torn;
}

}  // namespace

RecordFile prepare_record_file(const std::string& wanted, const std::string& otherwise) {
  RecordFile file;
  file.path = otherwise;
  if (wanted.empty()) return file;
  const int descriptor =
      open(wanted.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
  if (descriptor < 0) {
    file.problem =
        errno == ENXIO ? "a fifo that nobody reads, or no such device" : std::strerror(errno);
    return file;
  }
  struct stat status;
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
    file.from = static_cast<std::uint64_t>(status.st_size);
    if (ends_in_the_middle_of_a_line(wanted, status.st_size) && write(descriptor, "\n", 1) == 1)
      ++file.from;
  }
  close(descriptor);
  file.path = wanted;
  return file;
}

bool append_line(const std::string& path, std::string_view line) {
  const int descriptor =
      open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
  if (descriptor < 0) return false;
  const ssize_t written = write(descriptor, line.data(), line.size());
  close(descriptor);
  return written == static_cast<ssize_t>(line.size());
}

}  // namespace hfoffline::cli
