// Directories that something was found out about, so that it need not be found out again.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/sys.h"

namespace hfoffline::shim {

// Of device, inode and mount: a directory inside a tree may be mounted outside as well, and is
// another one there. Never 0.
inline std::uint64_t fingerprint(const sys::Stat& status) {
  std::uint64_t hash = status.ino * 0x9e3779b97f4a7c15 ^
                       (status.dev + 0x7f4a7c15) * 0xc2b2ae3d27d4eb4f ^
                       status.mount * 0xd6e8feb86659fd93;
  hash ^= hash >> 29;
  hash *= 0xbf58476d1ce4e5b9;
  return (hash ^ (hash >> 32)) | 1;
}

// A set that forgets: a later entry may take an earlier one's place. One word per entry, so that a
// torn read is impossible and a collision improbable (64 bits). Zero-initialised; no locks.
class KnownDirectories {
 public:
  bool has(std::uint64_t print) const {
    return __atomic_load_n(&entries_[place_of(print)], __ATOMIC_RELAXED) == print;
  }
  void add(std::uint64_t print) {
    __atomic_store_n(&entries_[place_of(print)], print, __ATOMIC_RELAXED);
  }

 private:
  static constexpr std::size_t kEntries = 256;
  static std::size_t place_of(std::uint64_t print) { return (print >> 8) & (kEntries - 1); }
  std::uint64_t entries_[kEntries];
};

}  // namespace hfoffline::shim
