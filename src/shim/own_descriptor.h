// A descriptor that a hook opens for itself.
#pragma once

#include <errno.h>
#include <fcntl.h>

#include "core/sys.h"

namespace hfoffline::shim {

// How they are opened: only to name a file, and never left to a child.
inline constexpr int kPathOnly = O_PATH | O_CLOEXEC;

// Closed at the end of the block. Made of what a system call returned: -errno opens nothing.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(long number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(-1); }
  void reset(long number) {
    if (number_ >= 0) sys::close(static_cast<int>(number_));
    number_ = number;
  }
  bool ok() const { return number_ >= 0; }
  int error() const { return static_cast<int>(-number_); }
  int get() const { return static_cast<int>(number_); }
  long release() {
    const long number = number_;
    number_ = -1;
    return number;
  }

 private:
  long number_ = -1;
};

// No descriptor is left for us, or a seccomp filter lets nobody open anything: the program's own
// opens fail then, but unlink, rename or chmod need none.
inline bool lacks_descriptors(const Descriptor& descriptor) {
  return descriptor.error() == EMFILE || descriptor.error() == ENFILE ||
         sys::may_be_a_filter(-descriptor.error());
}

}  // namespace hfoffline::shim
