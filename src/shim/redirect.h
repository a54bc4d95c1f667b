// [cache] redirect in this process: a path that leads elsewhere becomes the other one before it is
// judged and before the kernel sees it, and names that the kernel tells become those that the
// program knows.
//
//   REDIRECT_AT(directory, path);  // a parameter: now where it leads, as long as the function runs
//
// Without a redirect that is one test. Async-signal-safe, safe between vfork and exec; keeps errno.
// Where there are redirects, it takes three times the path's length of stack, and 16 KiB for a
// relative path that could lead to one.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/sys.h"
#include "core/text.h"
#include "shim/caller_path.h"
#include "shim/policy_source.h"

namespace hfoffline::shim {

inline bool has_redirects() { return __builtin_expect(policy().redirect_count() != 0, 0); }

// How many bytes the path takes that this one leads to, NUL included; 0: it stays as it is. The
// path may be null, unreadable or relative to `directory` (AT_FDCWD or a descriptor).
std::size_t redirected_bytes(int directory, const char* path);
// Writes it; the same path may have become another one meanwhile, and is cut off then.
char* write_redirected(int directory, const char* path, void* memory, std::size_t bytes);

// What the program calls a place that the kernel tells the name of. False, with nothing written: as
// the kernel.
bool append_known_place(std::string_view place, Appender& out);

// Whether a path is at or below what a redirect leads to.
bool is_target(std::string_view path);

// The result of readlink(2) of a path: what a link of /proc leads to gets the name that the program
// knows, as far as it fits. -1 stays.
long known_link(const char* path, char* buffer, std::size_t size, long length);

// The result of the system call getcwd: the name that the program knows, NUL included, as far as
// there is room; -1 and ERANGE where there is not.
long known_directory(char* buffer, std::size_t size, long length);

// The working directory: whether the program went there by a redirected name, or nobody can tell it
// from that. The kernel only knows where it led to.
bool directory_is_redirected();
// After a change of it that has succeeded.
void note_directory_change(bool is_redirected);
// The same by a path, given as chdir got it before it was redirected.
void note_directory_changed_to(const char* path, bool was_redirected);

}  // namespace hfoffline::shim

#define REDIRECT_AT(base, path)                                                            \
  do {                                                                                     \
    if (!hfoffline::shim::has_redirects()) break;                                          \
    const std::size_t redirect_bytes = hfoffline::shim::redirected_bytes(base, path);      \
    if (redirect_bytes == 0) break;                                                        \
    path = hfoffline::shim::write_redirected(base, path, __builtin_alloca(redirect_bytes), \
                                             redirect_bytes);                              \
  } while (false)
#define REDIRECT(path) REDIRECT_AT(hfoffline::sys::kCurrentDirectory, path)
