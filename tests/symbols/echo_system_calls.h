// What reached the library that stands in for the kernel last; see walk_system_calls.c.
#pragma once

struct echo {
  long number;
  long word[6];
};

enum { kEchoed = 0x5eed };  // the result of each call
