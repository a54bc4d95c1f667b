// From a file operation to its errno: 0 (go on), or what a read-only mount answers, already
// reported.
//
// `operation` is the function's name as records show it. A path may be null, which is left to the
// kernel, and must not change meanwhile: before a call that writes it is a copy (caller_path.h).
// All keep errno; async-signal-safe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shim/policy_source.h"

namespace hfoffline::shim {

// Whether any tree is protected; without one, nothing below needs to be called.
inline bool has_protected_trees() { return policy().tree_count() != 0; }

// flags as for open(2). Only for flags with which open_can_write() holds.
int judge_open(const char* operation, int directory, const char* path, int flags);
// The same for a stream's or descriptor's own file, reopened through /proc/self/fd.
int judge_reopen(const char* operation, int descriptor, int flags);
int judge_make_directory(const char* operation, int directory, const char* path);
// mkfifo and what follows.
int judge_make_file(const char* operation, int directory, const char* path);
// With the text of the link, and with the mode: which of these cannot be made at all is said first.
int judge_symbolic_link(const char* operation, const char* text, int directory, const char* path);
int judge_node(const char* operation, int directory, const char* path, unsigned mode);
// A file with a name that libc makes up: mkstemp and its kin, mkdtemp.
int judge_make_temporary(const char* operation, const char* pattern);
// flags as for linkat(2).
int judge_link(const char* operation, int old_directory, const char* old_path, int new_directory,
               const char* new_path, int flags);
int judge_remove_file(const char* operation, int directory, const char* path);
int judge_remove_directory(const char* operation, int directory, const char* path);
// flags as for renameat2(2); 0 for the others.
int judge_rename(const char* operation, int old_directory, const char* old_path, int new_directory,
                 const char* new_path, unsigned flags);
int judge_truncate(const char* operation, const char* path);
// Mode, owner and times. `follow`: of what a final symbolic link leads to.
int judge_metadata(const char* operation, int directory, const char* path, bool follow);
// The same for libc's chmod functions, which refuse a link by themselves.
int judge_mode(const char* operation, int directory, const char* path, bool follow);
// Mode, owner and times of an open file: fchmod, futimens.
int judge_metadata_of_descriptor(const char* operation, int descriptor);
// The same by AT_EMPTY_PATH, which takes O_PATH descriptors as well.
int judge_metadata_of_file(const char* operation, int descriptor);
// With flags as of fchownat(2): AT_EMPTY_PATH and AT_SYMLINK_NOFOLLOW.
int judge_metadata_at(const char* operation, int directory, const char* path, int flags);
// The same of calls that refuse every other flag.
int judge_owner_at(const char* operation, int directory, const char* path, int flags);
// A regular file that came open for writing, from another process.
int judge_writable_descriptor(const char* operation, int descriptor);
// Whether the kernel refuses name, size or flags of an extended attribute before it looks at the
// file.
bool attribute_is_wrong(const char* name, std::size_t size, int flags);
// How much of a handle the kernel takes: its size and type alone where that is wrong.
std::size_t bytes_of_handle(const void* handle);
// The same judgement as judge_open() for the file that a handle names, not yet opened.
int judge_open_by_handle(int mount, void* handle, int flags);
// What access(W_OK) says after the kernel has granted it: EROFS below a tree, except for devices
// and pipes. Not reported: asking is not writing.
int judge_write_access(int directory, const char* path, bool follow, bool empty_path);

}  // namespace hfoffline::shim
