// Ends that run no destructors, changes of the root directory, and filters of system calls.
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "shim/caller_path.h"
#include "shim/interpose.h"
#include "shim/locate.h"
#include "shim/own_filter.h"
#include "shim/refusal.h"
#include "shim/shared_state.h"
#include "shim/undeclared.h"

using namespace hfoffline::shim;

INTERPOSE(void, _exit, (int status)) {
  flush_counts();
  NEXT(_exit)(status);
  __builtin_unreachable();
}

INTERPOSE(void, _Exit, (int status)) {
  flush_counts();
  NEXT(_Exit)(status);
  __builtin_unreachable();
}

// Another mount namespace has another root.
INTERPOSE(int, setns, (int descriptor, int type)) {
  open_run_state();
  const int result = NEXT(setns)(descriptor, type);
  if (result == 0) forget_root();
  return result;
}

INTERPOSE(int, unshare, (int flags)) {
  open_run_state();
  const int result = NEXT(unshare)(flags);
  if (result == 0) forget_root();
  return result;
}

INTERPOSE(int, chroot, (const char* path)) {
  open_run_state();
  COPY_PATH(path);
  const int tree = is_text(path) ? tree_of_new_root(path) : kOutside;
  const int result = NEXT(chroot)(path);
  if (result != 0) return result;
  // Paths mean something else from here on.
  forget_root();
  remember_root_in(tree);
  return result;
}

INTERPOSE(int, pivot_root, (const char* path, const char* old_root)) {
  open_run_state();
  const int result = NEXT(pivot_root)(path, old_root);
  if (result == 0) forget_root();
  return result;
}

INTERPOSE(int, prctl, (int option, ...)) {
  unsigned long word[4];
  va_list list;
  va_start(list, option);
  for (unsigned long& each : word) each = va_arg(list, unsigned long);
  va_end(list);
  const int result = NEXT(prctl)(option, word[0], word[1], word[2], word[3]);
  if (option == PR_SET_SECCOMP && result == 0) note_own_filter();
  return result;
}
