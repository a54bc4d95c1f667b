// What all probe programs share: one row is one call in a child of its own, reported in one line
//
//   FUNCTION(VARIANT) AREA SITUATION [IDENTITY] -> RESULT [errno=NAME] [CHANGES]
//
// so that a crash, a changed directory or a dropped privilege ends with the row.
#pragma once

#include <stddef.h>

// The row's result, written by the child that makes the call; printf-like, appended.
void report(const char* format, ...) __attribute__((format(printf, 1, 2)));

// The usual outcomes: an errno name for -1, else the value, and errno if success changed it.
void report_call(long result);
void report_fd(int fd);  // "fd", and whether four bytes can be written to it; closes it
const char* errno_name(int error);

// Calls `work` in a child with a fresh report and prints `name -> result`. `after`, if given, adds
// what the parent observes. A child that hangs is ended after `kRowSeconds`.
enum { kRowSeconds = 3 };
void run_row(const char* name, void (*work)(void* context), void* context,
             void (*after)(char* text, size_t size));

// Makes the report page. Once, first.
void start_rows(void);
