// How a hook is written that only judges and goes on: it is never called where nothing is
// protected.
#pragma once

#include "shim/caller_path.h"
#include "shim/interpose.h"
#include "shim/judge_path.h"
#include "shim/redirect.h"

// A function without parameters of these names works from the working directory.
namespace hfoffline::shim {
inline constexpr int directory = sys::kCurrentDirectory;
inline constexpr int from_directory = sys::kCurrentDirectory;
inline constexpr int to_directory = sys::kCurrentDirectory;
}  // namespace hfoffline::shim

// A path as the caller gave it: copied, and led elsewhere.
#define TAKE_PATH(base, path) \
  COPY_PATH(path);            \
  REDIRECT_AT(base, path)

// One line per function: what it is called with, how it goes on, what of the caller's memory is
// copied first (caller_path.h), whether that could be read, and what is judged.
#define INTERPOSE_COPIED(name, parameters, arguments, copies, readable, judged) \
  INTERPOSE(int, name, parameters) {                                            \
    if (hfoffline::shim::has_protected_trees()) {                               \
      copies;                                                                   \
      const int error = (readable) ? (judged) : 0;                              \
      if (error != 0) return hfoffline::shim::fail(error);                      \
    }                                                                           \
    return NEXT(name) arguments;                                                \
  }

// A function that takes no text.
#define INTERPOSE_JUDGED(name, parameters, arguments, judged) \
  INTERPOSE_COPIED(name, parameters, arguments, (void)0, true, judged)
// One with a parameter `path`.
#define INTERPOSE_JUDGED_PATH(name, parameters, arguments, judged)          \
  INTERPOSE_COPIED(name, parameters, arguments, TAKE_PATH(directory, path), \
                   hfoffline::shim::is_text(path), judged)
// One with two paths, `from` and `to`.
#define INTERPOSE_JUDGED_PATHS(name, parameters, arguments, judged)                    \
  INTERPOSE(int, name, parameters) {                                                   \
    if (!hfoffline::shim::has_protected_trees()) return NEXT(name) arguments;          \
    TAKE_PATH(from_directory, from);                                                   \
    COPY_SECOND_PATH(to);                                                              \
    REDIRECT_AT(to_directory, to);                                                     \
    const int error =                                                                  \
        hfoffline::shim::is_text(from) && hfoffline::shim::is_text(to) ? (judged) : 0; \
    if (error != 0) return hfoffline::shim::fail(error);                               \
    return NEXT(name) arguments;                                                       \
  }
