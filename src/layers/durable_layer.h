// A directory of packages that is changed as a whole: what is new is built beside it and takes its
// place in one step, so that nobody ever sees half of it, whoever is killed when.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hfoffline::layers {

// Holds the layer's lock, which other processes wait for, until it is destroyed. Beside the
// directory NAME it uses .NAME.hfoffline-lock, which stays, and .NAME.hfoffline-staging-*. Not for
// threads.
class DurableLayer {
 public:
  // `directory`: absolute, need not exist, unlike the directory above it, which is made too. What
  // killed processes left in staging is removed, and a layer that one had just set aside is put
  // back.
  static absl::StatusOr<DurableLayer> open(const std::string& directory);

  DurableLayer(DurableLayer&& other) noexcept;
  DurableLayer& operator=(DurableLayer&&) = delete;
  ~DurableLayer();

  const std::string& path() const { return path_; }  // without symbolic links
  bool exists() const;

  // A new empty directory beside the layer, on the same file system; removed by the destructor.
  absl::StatusOr<std::string> make_staging();

  // Puts `staged` (below a staging directory) into the layer's place; the old contents are removed.
  // After an error the layer is what it was.
  absl::Status replace_with(const std::string& staged);

 private:
  DurableLayer(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::string beside(const std::string& what) const;
  absl::Status recover() const;

  std::string path_;
  int lock_;
  std::string staging_;
};

// Removes a directory and all below it, also what its modes would keep from being removed.
void remove_tree(const std::string& directory);

// Makes `to`, which must not exist, the same tree as `from`: hard links where the file system has
// them, else copies.
absl::Status copy_tree(const std::string& from, const std::string& to);

}  // namespace hfoffline::layers
