#include "layers/directory_listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace hfoffline::layers {
namespace {

constexpr std::size_t kBufferBytes = 256 << 10;

// As the kernel writes it: struct linux_dirent64.
struct KernelEntry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t length;
  std::uint8_t type;
  char name[1];
};

EntryType type_of(std::uint8_t type) {
  switch (type) {
    case DT_REG:
      return EntryType::kFile;
    case DT_DIR:
      return EntryType::kDirectory;
    case DT_LNK:
      return EntryType::kLink;
    case DT_UNKNOWN:
      return EntryType::kUnknown;
    default:
      return EntryType::kOther;
  }
}

}  // namespace

DirectoryLister::DirectoryLister() : buffer_(new char[kBufferBytes]) {}

int DirectoryLister::list(int root, const std::string& file,
                          const std::function<void(std::string_view, EntryType)>& see) {
  const int directory = openat(root, file.empty() ? "." : file.c_str(),
                               O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
  if (directory < 0) return errno;
  int error = 0;
  for (;;) {
    const long bytes = syscall(SYS_getdents64, directory, buffer_.get(), kBufferBytes);
    if (bytes < 0) error = errno;
    if (bytes <= 0) break;
    for (long at = 0; at < bytes;) {
      const auto* entry = reinterpret_cast<const KernelEntry*>(buffer_.get() + at);
      at += entry->length;
      const std::string_view name = entry->name;
      if (name != "." && name != "..") see(name, type_of(entry->type));
    }
  }
  close(directory);
  return error;
}

int read_text_file(int root, const std::string& file, std::size_t maximum, std::string* text) {
  const int descriptor = openat(root, file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return errno;
  int error = 0;
  struct stat status;
  if (fstat(descriptor, &status) != 0) {
    error = errno;
  } else if (!S_ISREG(status.st_mode)) {
    error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
  }
  char chunk[16384];
  while (error == 0) {
    const ssize_t count = read(descriptor, chunk, sizeof(chunk));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) error = errno;
    if (count <= 0) break;
    text->append(chunk, static_cast<std::size_t>(count));
    if (text->size() > maximum) error = EFBIG;
  }
  close(descriptor);
  return error;
}

}  // namespace hfoffline::layers
