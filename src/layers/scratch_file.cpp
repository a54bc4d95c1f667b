#include "layers/scratch_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace hfoffline::layers {

namespace fs = std::filesystem;

absl::StatusOr<ScratchDirectory> ScratchDirectory::make() {
  const char* parent = getenv("TMPDIR");
  if (parent == nullptr || parent[0] != '/') parent = "/tmp";
  std::string path = std::string(parent) + "/hfoffline-layers-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, "no scratch directory can be made in " + std::string(parent) +
                                          " (set TMPDIR to one that can be written)");
  }
  return ScratchDirectory(std::move(path));
}

ScratchDirectory::ScratchDirectory(ScratchDirectory&& other) noexcept
    : path_(std::exchange(other.path_, std::string())) {}

ScratchDirectory::~ScratchDirectory() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

absl::Status write_scratch_file(const std::string& path, std::string_view bytes) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
  int failure = descriptor < 0 ? errno : 0;
  while (failure == 0 && !bytes.empty()) {
    const ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) failure = errno;
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (descriptor >= 0 && close(descriptor) != 0 && failure == 0) failure = errno;
  if (failure != 0) return absl::ErrnoToStatus(failure, path + " cannot be written");
  return absl::OkStatus();
}

}  // namespace hfoffline::layers
