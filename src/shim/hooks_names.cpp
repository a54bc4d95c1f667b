// Functions that give a name to something: links, devices, pipes, temporary files.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "shim/interpose_judged.h"
#include "shim/judge_path.h"
#include "shim/undeclared.h"

using namespace hfoffline::shim;

namespace {

// A pattern that libc refuses by itself: it must end in XXXXXX, before a suffix of this length.
bool is_pattern(const char* pattern, int suffix) {
  constexpr std::string_view kPlace = "XXXXXX";
  if (pattern == nullptr || suffix < 0) return false;
  std::string_view text(pattern);
  if (text.size() < kPlace.size() + static_cast<std::size_t>(suffix)) return false;
  text.remove_suffix(static_cast<std::size_t>(suffix));
  return text.ends_with(kPlace);
}

int judge_temporary(const char* operation, const char* pattern, int suffix) {
  return is_pattern(pattern, suffix) ? judge_make_temporary(operation, pattern) : 0;
}

}  // namespace

INTERPOSE_JUDGED(link, (const char* from, const char* to), (from, to),
                 judge_link("link", AT_FDCWD, from, AT_FDCWD, to, 0))
INTERPOSE_JUDGED(linkat,
                 (int from_directory, const char* from, int to_directory, const char* to,
                  int flags),
                 (from_directory, from, to_directory, to, flags),
                 judge_link("linkat", from_directory, from, to_directory, to, flags))
INTERPOSE_JUDGED(symlink, (const char* text, const char* path), (text, path),
                 judge_symbolic_link("symlink", text, AT_FDCWD, path))
INTERPOSE_JUDGED(symlinkat, (const char* text, int directory, const char* path),
                 (text, directory, path), judge_symbolic_link("symlinkat", text, directory, path))
INTERPOSE_JUDGED(mknod, (const char* path, mode_t mode, dev_t device), (path, mode, device),
                 judge_node("mknod", AT_FDCWD, path, mode))
INTERPOSE_JUDGED(mknodat, (int directory, const char* path, mode_t mode, dev_t device),
                 (directory, path, mode, device), judge_node("mknodat", directory, path, mode))
INTERPOSE_JUDGED(__xmknod, (int version, const char* path, mode_t mode, dev_t* device),
                 (version, path, mode, device), judge_node("__xmknod", AT_FDCWD, path, mode))
INTERPOSE_JUDGED(__xmknodat,
                 (int version, int directory, const char* path, mode_t mode, dev_t* device),
                 (version, directory, path, mode, device),
                 judge_node("__xmknodat", directory, path, mode))
INTERPOSE_JUDGED(mkfifo, (const char* path, mode_t mode), (path, mode),
                 judge_make_file("mkfifo", AT_FDCWD, path))
INTERPOSE_JUDGED(mkfifoat, (int directory, const char* path, mode_t mode), (directory, path, mode),
                 judge_make_file("mkfifoat", directory, path))

INTERPOSE(char*, mkdtemp, (char* pattern)) {
  if (has_protected_trees()) {
    if (const int error = judge_temporary("mkdtemp", pattern, 0)) {
      errno = error;
      return nullptr;
    }
  }
  return NEXT(mkdtemp)(pattern);
}
INTERPOSE_JUDGED(mkstemp, (char* pattern), (pattern), judge_temporary("mkstemp", pattern, 0))
INTERPOSE_JUDGED(mkstemp64, (char* pattern), (pattern), judge_temporary("mkstemp64", pattern, 0))
INTERPOSE_JUDGED(mkstemps, (char* pattern, int suffix), (pattern, suffix),
                 judge_temporary("mkstemps", pattern, suffix))
INTERPOSE_JUDGED(mkstemps64, (char* pattern, int suffix), (pattern, suffix),
                 judge_temporary("mkstemps64", pattern, suffix))
INTERPOSE_JUDGED(mkostemp, (char* pattern, int flags), (pattern, flags),
                 judge_temporary("mkostemp", pattern, 0))
INTERPOSE_JUDGED(mkostemp64, (char* pattern, int flags), (pattern, flags),
                 judge_temporary("mkostemp64", pattern, 0))
INTERPOSE_JUDGED(mkostemps, (char* pattern, int suffix, int flags), (pattern, suffix, flags),
                 judge_temporary("mkostemps", pattern, suffix))
INTERPOSE_JUDGED(mkostemps64, (char* pattern, int suffix, int flags), (pattern, suffix, flags),
                 judge_temporary("mkostemps64", pattern, suffix))
