// What a read-only bind mount answers, as a pure function of what was found at the path.
//
// The order of the checks is the kernel's (fs/namei.c, fs/open.c, fs/utimes.c of Linux 6.x), proved
// by tests/probes against a real read-only bind mount.
#pragma once

#include <fcntl.h>

#include <cstdint>

namespace hfoffline {

enum class LastComponent : std::uint8_t { kNormal, kDot, kDotDot, kRoot };

// What was found where a write would have happened.
struct TargetFacts {
  int lookup_error = 0;       // errno of looking the target up; ENOENT: see parent_exists
  bool parent_exists = true;  // the directory that would hold the target is there
  std::uint32_t mode = 0;     // st_mode of the target, when lookup_error is 0
  int write_error =
      0;  // what the permission bits say about the access asked for: 0, EACCES or EPERM
  LastComponent last = LastComponent::kNormal;
  bool trailing_slash = false;
  int parent_write_error = 0;  // of a tree root: whether the directory that holds it may be changed
  bool is_tree_root = false;   // the target is the protected tree itself: a mount point
};

// Each returns the errno, or 0 where a read-only mount lets the operation through (a device node,
// an existing file opened for reading with O_CREAT).
int read_only_open(int flags, const TargetFacts& facts);
int read_only_make_directory(const TargetFacts& facts);
// Anything else that is made by name: links, devices, pipes.
int read_only_make_file(const TargetFacts& facts);
int read_only_remove_file(const TargetFacts& facts);
int read_only_remove_directory(const TargetFacts& facts);
int read_only_truncate(const TargetFacts& facts);
int read_only_change_metadata(const TargetFacts& facts);

// O_TMPFILE without the O_DIRECTORY it contains; O_PATH and O_TMPFILE are not in every libc's
// default view. macOS has neither.
#if defined(__APPLE__)
inline constexpr int kOpenTemporary = 0;
inline constexpr int kOpenPathOnly = 0;
#else
inline constexpr int kOpenTemporary = 020000000;
#if defined(O_PATH)
inline constexpr int kOpenPathOnly = O_PATH;
#else
inline constexpr int kOpenPathOnly = 010000000;
#endif
#endif

// Access mode 3 opens for ioctl alone: it needs the permission to write, but not a writable mount.
inline bool asks_for_writing(int flags) {
  const int mode = flags & O_ACCMODE;
  return mode == O_WRONLY || mode == O_RDWR;
}

// Whether an open(2) with these flags can change anything at all. O_PATH opens cannot. Here, since
// every open asks.
inline bool open_can_write(int flags) {
  if ((flags & kOpenPathOnly) != 0) return false;
  return asks_for_writing(flags) || (flags & (O_CREAT | O_TRUNC | kOpenTemporary)) != 0;
}

// The open(2) flags an fopen(3) mode stands for, read as glibc reads it, or -1 for a mode that
// fopen rejects with EINVAL.
int open_flags_of_mode(const char* mode);
// As musl reads it: it rejects nothing but a wrong first letter, and looks at the whole string.
int open_flags_of_mode_in_musl(const char* mode);

}  // namespace hfoffline
