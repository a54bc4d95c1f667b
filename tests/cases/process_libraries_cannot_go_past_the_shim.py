#!/usr/bin/env python3
"""dlsym by the handle of libc, RTLD_DEEPBIND, dlmopen; and what dlopen and dlsym know of their caller."""
import os

import case
from programs import preload

models = case.models()

# A library that opens for writing, and says what RTLD_NEXT and $ORIGIN are to it.
LIBRARY = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
int write_below(const char* path) { int fd = open(path, O_WRONLY); int e = errno; if (fd >= 0) close(fd); return fd >= 0 ? 0 : e; }
const char* who(void) { return "library"; }
const char* next_who(void) { const char* (*next)(void) = dlsym(RTLD_NEXT, "who"); return next ? next() : "nobody"; }
int beside(void) { void* it = dlopen("$ORIGIN/beside.so", RTLD_NOW); if (it) dlclose(it); return it != 0; }
int by_runpath(void) { void* it = dlopen("by-runpath.so", RTLD_NOW); if (it) dlclose(it); return it != 0; }
"""

PROGRAM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char* outcome(int result) { return result == 0 ? "opened" : strerror(result); }

int main(int count, char** a) {
  const char *inside = a[1], *outside = a[2], *library = a[3];
  void* libc = dlopen("libc.so.6", RTLD_NOW);
  int (*open_it)(const char*, int, ...);
  *(void**)&open_it = dlsym(libc, "open");
  int fd = open_it(inside, O_WRONLY);
  printf("dlsym: %s\n", outcome(fd >= 0 ? 0 : errno));
  printf("dlsym outside: %s\n", (fd = open_it(outside, O_WRONLY)) >= 0 ? "opened" : strerror(errno));
  *(void**)&open_it = dlvsym(libc, "open", "GLIBC_2.2.5");
  if (!open_it) *(void**)&open_it = dlsym(libc, "open");
  printf("dlvsym: %s\n", (fd = open_it(inside, O_WRONLY)) >= 0 ? "opened" : strerror(errno));
  printf("strlen: %d\n", dlsym(libc, "strtol") == (void*)dlsym(RTLD_DEFAULT, "strtol"));
  printf("missing: %d %d\n", dlsym(libc, "no_such_function") == 0, dlerror() != 0);

  void* deep = dlopen(library, RTLD_NOW | RTLD_DEEPBIND);
  int (*write_below)(const char*);
  int (*asks)(void);
  const char* (*next_who)(void);
  *(void**)&write_below = dlsym(deep, "write_below");
  printf("RTLD_DEEPBIND: %s\n", outcome(write_below(inside)));
  printf("RTLD_DEEPBIND outside: %s\n", outcome(write_below(outside)));
  *(void**)&asks = dlsym(deep, "beside");
  printf("$ORIGIN: %d\n", asks());
  *(void**)&asks = dlsym(deep, "by_runpath");
  printf("RUNPATH: %d\n", asks());

  /* Both are preloaded: the first finds what comes behind itself. */
  *(void**)&next_who = dlsym(RTLD_DEFAULT, "next_who");
  printf("RTLD_NEXT: %s\n", next_who());

  void* other = dlmopen(LM_ID_NEWLM, library, RTLD_NOW);
  if (other) {
    *(void**)&write_below = dlsym(other, "write_below");
    printf("dlmopen: %s\n", outcome(write_below(outside)));
  } else {
    printf("dlmopen: %s\n", dlerror());
  }
  void* base = dlmopen(LM_ID_BASE, library, RTLD_NOW);
  printf("LM_ID_BASE: %d\n", base == deep);
  return 0;
}
"""


def holds():
    inside = case.sample_file(models)
    outside = case.tmp / "outside"
    outside.write_text("outside")
    libraries = case.tmp / "libraries"
    elsewhere = case.tmp / "elsewhere"
    libraries.mkdir()
    elsewhere.mkdir()
    pic = ("-shared", "-fPIC")
    library = case.c_program(LIBRARY, *pic, "-ldl", "-Wl,--enable-new-dtags", f"-Wl,-rpath,{elsewhere}", name="libraries/first.so")
    second = case.c_program('const char* who(void) { return "second"; }\n', *pic, name="libraries/second.so")
    case.c_program("int beside;\n", *pic, name="libraries/beside.so")
    case.c_program("int by_runpath;\n", *pic, name="elsewhere/by-runpath.so")
    program = case.c_program(PROGRAM, "-ldl")
    arguments = [program, inside, outside, library]
    behind = f"{library} {second}"

    # Opened and closed again: nothing below the cache changes.
    bare = case.expect_code(preload.bare(*arguments, variables={"LD_PRELOAD": behind}), 0, "without the shim")
    case.lacks(bare.out, "Read-only", "without the shim everything opens")
    for line in ("$ORIGIN: 1", "RUNPATH: 1", "RTLD_NEXT: second", "LM_ID_BASE: 1"):
        case.contains(bare.out, line, "without the shim")
    for choice in ("warn", "allow", "refuse"):
        record = case.tmp / f"record-{choice}"
        result = preload.shimmed(models, *arguments, record=record, preload=f"{case.SHIM} {behind}",
                                 variables={"HFOFFLINE_UNSHIMMED": choice})
        case.expect_code(result, 0, choice)
        expected = bare.out
        for way in ("dlsym", "dlvsym", "RTLD_DEEPBIND"):
            expected = expected.replace(f"{way}: opened", f"{way}: Read-only file system")
        if choice == "refuse":
            expected = expected.replace("dlmopen: opened", "dlmopen: invalid target namespace in dlmopen()")
        # The loader puts its own name or the library's before its messages.
        lines = [line if "invalid target namespace" not in line else "dlmopen: invalid target namespace in dlmopen()"
                 for line in result.out.splitlines()]
        case.equal("\n".join(lines) + "\n", expected, choice)
        case.equal({(line["reason"], line["op"], line["target"], line["verdict"]) for line in case.record(record) if line["kind"] == "load"},
                   {("load_deep_bind", "dlopen", str(library), "ignore"), ("load_namespace", "dlmopen", str(library), choice)},
                   f"{choice}: the record")

    # The summary counts them; they are no violation.
    result = case.run("--fail-on-refusal", "--models-dir", models, "--", case.c_program(
        '#define _GNU_SOURCE\n#include <dlfcn.h>\nint main(int c, char** a) { return !dlopen(a[1], RTLD_NOW | RTLD_DEEPBIND); }\n', "-ldl", name="deep"), second)
    case.expect_code(result, 0, "no violation")
    case.contains(result.err, "1 library that would have gone past the shim", "the summary")

    # An interposing library behind us that asks libc by its handle gets libc, not us again.
    interposer = case.c_program(r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
static int depth;
int open(const char* path, int flags, ...) {
  va_list list; va_start(list, flags); int mode = va_arg(list, int); va_end(list);
  static int (*real)(const char*, int, ...);
  if (++depth > 3) { puts("round and round"); return -1; }
  if (!real) *(void**)&real = dlsym(dlopen("libc.so.6", RTLD_NOW), "open");
  int result = real(path, flags, mode);
  --depth;
  return result;
}
""", *pic, "-ldl", name="interposer.so")
    opener = case.c_program(r"""
#include <fcntl.h>
#include <stdio.h>
int main(int c, char** a) { puts(open(a[1], O_WRONLY) >= 0 ? "opened" : "refused"); return 0; }
""", name="opener")
    for path, expected in ((outside, "opened\n"), (inside, "refused\n")):
        result = preload.shimmed(models, opener, path, preload=f"{case.SHIM} {interposer}")
        case.equal(result.out, expected, "an interposing library behind us")

    python = os.environ.get("PYTHON", "python3")
    script = f"import ctypes, os; libc = ctypes.CDLL('libc.so.6', use_errno=True); print(libc.open(b'{inside}', os.O_WRONLY), ctypes.get_errno())"
    result = preload.shimmed(models, python, "-c", script)
    case.equal(result.out, "-1 30\n", "ctypes")


case.main(holds)
