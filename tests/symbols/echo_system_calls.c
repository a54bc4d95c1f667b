// A syscall() that calls nobody and notes what it was given.
#include "echo_system_calls.h"

#include <stdarg.h>

struct echo echo_of_last_call;

long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  echo_of_last_call.number = number;
  for (int i = 0; i < 6; i++) echo_of_last_call.word[i] = va_arg(list, long);
  va_end(list);
  return kEchoed;
}
