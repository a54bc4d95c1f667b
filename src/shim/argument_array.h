// The arguments of a list form of exec as an array, which the vector forms take.
//
//   INTERPOSE(int, execl, (const char* path, const char* first, ...)) {
//     ARGUMENT_ARRAY(first, arguments);  // char**, as long as the function runs
//     ...                                // `list` stands behind the last of them
//     va_end(list);
//
// Ends the function with E2BIG where there is no memory for them.
#pragma once

#include <stdarg.h>

#include "shim/exec_memory.h"
#include "shim/interpose.h"

#define ARGUMENT_ARRAY(first, array)                                     \
  std::size_t count = 1;                                                 \
  va_list list;                                                          \
  va_start(list, first);                                                 \
  if (first != nullptr) {                                                \
    while (va_arg(list, char*) != nullptr) ++count;                      \
  }                                                                      \
  va_end(list);                                                          \
  EXEC_MEMORY(argument_memory, (count + 1) * sizeof(char*), kArguments); \
  if (argument_memory == nullptr) return fail(E2BIG);                    \
  auto** array = static_cast<char**>(argument_memory);                   \
  array[0] = const_cast<char*>(first);                                   \
  va_start(list, first);                                                 \
  for (std::size_t i = 1; i < count + (first != nullptr ? 1 : 0); ++i)   \
  array[i] = va_arg(list, char*)
