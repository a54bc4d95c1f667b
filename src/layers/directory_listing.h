// Lists directories with as few system calls as there can be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace hfoffline::layers {

enum class EntryType : std::uint8_t { kFile, kDirectory, kLink, kOther, kUnknown };

// Keeps one buffer for all directories: opendir would take one each. Not thread-safe.
class DirectoryLister {
 public:
  DirectoryLister();

  // Calls `see` for each entry of the directory `file` below `root` ("" : `root` itself) but "."
  // and
  // "..". Returns 0, or the errno that kept it from seeing all. `see` must not list.
  int list(int root, const std::string& file,
           const std::function<void(std::string_view name, EntryType type)>& see);

 private:
  std::unique_ptr<char[]> buffer_;
};

// The first `maximum` bytes of a regular file below `root`. Returns 0 or an errno; never waits, as
// for a fifo. More than `maximum`: EFBIG.
int read_text_file(int root, const std::string& file, std::size_t maximum, std::string* text);

}  // namespace hfoffline::layers
