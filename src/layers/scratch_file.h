// A directory of the check's own, for what is planted and generated: never inside what is judged.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hfoffline::layers {

// Made in TMPDIR or /tmp, readable by its owner alone; removed with all it holds.
class ScratchDirectory {
 public:
  static absl::StatusOr<ScratchDirectory> make();
  ScratchDirectory(ScratchDirectory&& other) noexcept;
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  ~ScratchDirectory();

  const std::string& path() const { return path_; }

 private:
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Writes a new file, executable and readable by its owner, with the directories above it.
absl::Status write_scratch_file(const std::string& path, std::string_view bytes);

}  // namespace hfoffline::layers
