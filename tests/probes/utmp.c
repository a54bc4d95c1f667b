// updwtmp, utmpname and pututline: libc opens the file for writing by itself.
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <utmp.h>
#include <utmpx.h>

#include "file_probe.h"
#include "probe.h"

static const struct utmp entry = {.ut_type = USER_PROCESS, .ut_id = "p", .ut_line = "probe"};

// They return nothing.
static void call_update(const struct place* place, const struct operation* operation) {
  errno = 0;
  ((void (*)(const char*, const struct utmp*))operation->address)(place->path, &entry);
  report("%s", errno == 0 ? "no error" : errno_name(errno));
}

static void call_put(const struct place* place, const struct operation* operation) {
  const struct utmp* put = NULL;
  if (((int (*)(const char*))operation->address)(place->path) == 0) put = pututline(&entry);
  report_call(put == NULL ? -1 : 0);
}

static void call_put_x(const struct place* place, const struct operation* operation) {
  const struct utmpx* put = NULL;
  if (((int (*)(const char*))operation->address)(place->path) == 0)
    put = pututxline((const struct utmpx*)&entry);
  report_call(put == NULL ? -1 : 0);
}

static void call_read(const struct place* place, const struct operation* operation) {
  ((int (*)(const char*))operation->address)(place->path);
  errno = 0;
  setutent();
  report("%s", getutent() == NULL ? "no entry" : "an entry");
}

#define ROW(name, variant, breadth, call) \
  { #name, variant, kPath, breadth, call, FUNCTION(name), 0, 0 }

static const struct operation operations[] = {
    ROW(updwtmp, "", kFew, call_update),        ROW(updwtmpx, "", kFew, call_update),
    ROW(utmpname, "pututline", kFew, call_put), ROW(utmpxname, "pututxline", kFew, call_put_x),
    ROW(utmpname, "getutent", kFew, call_read),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
