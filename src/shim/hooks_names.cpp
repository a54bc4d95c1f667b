// Functions that give a name to something: links, devices, pipes, temporary files.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
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

int judge_temporary(const char* operation, const char* pattern, std::size_t bytes, int suffix) {
  if (!is_pattern(pattern, suffix)) return 0;
  // What was cut off would be missing in the name.
  return bytes > kMostPathBytes ? ENAMETOOLONG : judge_make_temporary(operation, pattern);
}

// libc has written the name that it made up over the XXXXXX of the copy.
void give_name_back(const char* copy, int suffix, char* pattern) {
  if (copy == pattern || copy == nullptr || suffix < 0) return;
  constexpr std::size_t kPlaceBytes = 6;
  // The copy may have been led elsewhere: their ends are alike.
  const std::size_t from_end = static_cast<std::size_t>(suffix) + kPlaceBytes;
  const std::size_t copied = std::string_view(copy).size();
  const std::size_t length = std::string_view(pattern).size();
  if (copied < from_end || length < from_end) return;
  // Only where something was written: the pattern may be a constant that is no pattern.
  for (std::size_t i = 0; i < kPlaceBytes; ++i) {
    const char made = copy[copied - from_end + i];
    char& place = pattern[length - from_end + i];
    if (place != made) place = made;
  }
}

}  // namespace

#define INTERPOSE_JUDGED_LINK(name, parameters, arguments, judged) \
  INTERPOSE_COPIED(name, parameters, arguments, COPY_PATH(text);   \
                   TAKE_PATH(directory, path), is_text(text) && is_text(path), judged)

INTERPOSE_JUDGED_PATHS(link, (const char* from, const char* to), (from, to),
                       judge_link("link", AT_FDCWD, from, AT_FDCWD, to, 0))
INTERPOSE_JUDGED_PATHS(linkat,
                       (int from_directory, const char* from, int to_directory, const char* to,
                        int flags),
                       (from_directory, from, to_directory, to, flags),
                       judge_link("linkat", from_directory, from, to_directory, to, flags))
INTERPOSE_JUDGED_LINK(symlink, (const char* text, const char* path), (text, path),
                      judge_symbolic_link("symlink", text, AT_FDCWD, path))
INTERPOSE_JUDGED_LINK(symlinkat, (const char* text, int directory, const char* path),
                      (text, directory, path),
                      judge_symbolic_link("symlinkat", text, directory, path))
INTERPOSE_JUDGED_PATH(mknod, (const char* path, mode_t mode, dev_t device), (path, mode, device),
                      judge_node("mknod", AT_FDCWD, path, mode))
INTERPOSE_JUDGED_PATH(mknodat, (int directory, const char* path, mode_t mode, dev_t device),
                      (directory, path, mode, device), judge_node("mknodat", directory, path, mode))
INTERPOSE_JUDGED_PATH(__xmknod, (int version, const char* path, mode_t mode, dev_t* device),
                      (version, path, mode, device), judge_node("__xmknod", AT_FDCWD, path, mode))
INTERPOSE_JUDGED_PATH(__xmknodat,
                      (int version, int directory, const char* path, mode_t mode, dev_t* device),
                      (version, directory, path, mode, device),
                      judge_node("__xmknodat", directory, path, mode))
INTERPOSE_JUDGED_PATH(mkfifo, (const char* path, mode_t mode), (path, mode),
                      judge_make_file("mkfifo", AT_FDCWD, path))
INTERPOSE_JUDGED_PATH(mkfifoat, (int directory, const char* path, mode_t mode),
                      (directory, path, mode), judge_make_file("mkfifoat", directory, path))

INTERPOSE(char*, mkdtemp, (char* pattern)) {
  char* const given = pattern;
  if (has_protected_trees()) {
    COPY_TEXT(pattern);
    REDIRECT(pattern);
    if (const int error = judge_temporary("mkdtemp", pattern, pattern_bytes, 0)) {
      errno = error;
      return nullptr;
    }
  }
  const char* const made = NEXT(mkdtemp)(pattern);
  give_name_back(pattern, 0, given);
  return made == nullptr ? nullptr : given;
}

#define INTERPOSE_TEMPORARY(name, parameters, arguments, suffix)                    \
  INTERPOSE(int, name, parameters) {                                                \
    char* const given = pattern;                                                    \
    if (has_protected_trees()) {                                                    \
      COPY_TEXT(pattern);                                                           \
      REDIRECT(pattern);                                                            \
      if (const int error = judge_temporary(#name, pattern, pattern_bytes, suffix)) \
        return fail(error);                                                         \
    }                                                                               \
    const int descriptor = NEXT(name) arguments;                                    \
    give_name_back(pattern, suffix, given);                                         \
    return descriptor;                                                              \
  }

INTERPOSE_TEMPORARY(mkstemp, (char* pattern), (pattern), 0)
INTERPOSE_TEMPORARY(mkstemp64, (char* pattern), (pattern), 0)
INTERPOSE_TEMPORARY(mkstemps, (char* pattern, int suffix), (pattern, suffix), suffix)
INTERPOSE_TEMPORARY(mkstemps64, (char* pattern, int suffix), (pattern, suffix), suffix)
INTERPOSE_TEMPORARY(mkostemp, (char* pattern, int flags), (pattern, flags), 0)
INTERPOSE_TEMPORARY(mkostemp64, (char* pattern, int flags), (pattern, flags), 0)
INTERPOSE_TEMPORARY(mkostemps, (char* pattern, int suffix, int flags), (pattern, suffix, flags),
                    suffix)
INTERPOSE_TEMPORARY(mkostemps64, (char* pattern, int suffix, int flags), (pattern, suffix, flags),
                    suffix)
