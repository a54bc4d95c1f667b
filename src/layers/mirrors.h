// Sentinels: modules in a scratch directory that stands in for a layer's place in the search order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hfoffline::layers {

// A scratch directory, removed at the end. Not for threads.
class MirrorDirectory {
 public:
  MirrorDirectory() = default;
  ~MirrorDirectory();
  MirrorDirectory(const MirrorDirectory&) = delete;
  MirrorDirectory& operator=(const MirrorDirectory&) = delete;

  // In TMPDIR, /tmp, /var/tmp or /dev/shm: the first that can be written and is in none of `avoid`.
  absl::Status make(const char* const* environment, const std::vector<std::string>& avoid);

  // A further mirror in it; its path.
  absl::StatusOr<std::string> add_mirror();
  // Plants the module `name` ("fsspec", "google.protobuf") in a mirror.
  absl::Status plant(const std::string& mirror, std::string_view name, bool as_package);

 private:
  std::string path_;
  std::size_t count_ = 0;
};

}  // namespace hfoffline::layers
