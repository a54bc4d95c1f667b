// How a hook is written that only judges and goes on: it is never called where nothing is
// protected.
#pragma once

#include "shim/interpose.h"
#include "shim/judge_path.h"

// One line per function: what it is called with, what is judged, how it goes on.
#define INTERPOSE_JUDGED(name, parameters, arguments, judged)              \
  INTERPOSE(int, name, parameters) {                                       \
    if (hfoffline::shim::has_protected_trees()) {                          \
      if (const int error = (judged)) return hfoffline::shim::fail(error); \
    }                                                                      \
    return NEXT(name) arguments;                                           \
  }
