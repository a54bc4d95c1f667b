/* hfoffline: what a program can ask about the run it is in, and how it names the running test.
 *
 * Nothing is linked: every function below is a weak symbol that only the preloaded shim defines.
 * Without the shim its address is NULL. Call the functions named hfoffline_*_or_*() and the other
 * inline ones at the end of this file, which check that first; they work with and without the shim:
 *
 *     hfoffline_tag_test("suite.name");
 *     if (hfoffline_refusals(HFOFFLINE_EGRESS) != 0) ...
 *
 * The library behind it never fails, never sets errno and never allocates. Strings that it returns
 * are constant, NUL-terminated, owned by the shim and valid until the process ends.
 *
 * Build limits: a fully static program, and one that clang compiled with -fno-pie, never sees the
 * shim through this header (the address is settled at link time) and behaves as if it were absent.
 *
 * C99 or C++11, and later.
 */
#ifndef HFOFFLINE_HFOFFLINE_H
#define HFOFFLINE_HFOFFLINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The shim defines HFOFFLINE_API itself, and needs no checked calls. With "noplt", programs that
 * gcc compiled without -fPIE find the shim too. */
#ifndef HFOFFLINE_API
#define HFOFFLINE_CHECKED_CALLS 1
#if defined(__APPLE__)
#define HFOFFLINE_API __attribute__((weak_import))
#elif defined(__clang__)
#define HFOFFLINE_API __attribute__((weak))
#else
#define HFOFFLINE_API __attribute__((weak, noplt))
#endif
#endif

/* What a refusal was about: the "kind" of a record line. The numbers are part of the interface. */
enum hfoffline_kind {
  HFOFFLINE_EGRESS = 0,      /* a connection or a datagram that would have left the machine */
  HFOFFLINE_NAME = 1,        /* the lookup of a host name */
  HFOFFLINE_WRITE = 2,       /* a write below a protected tree */
  HFOFFLINE_PROBE = 3,       /* a datagram socket pointed outside that sent nothing; no violation */
  HFOFFLINE_ENVIRONMENT = 4, /* a change to a managed variable that was ignored; no violation */
  HFOFFLINE_EXEC = 5,        /* a program that the shim cannot enter */
  HFOFFLINE_ALLOW = 6        /* what a test allowed itself (hfoffline_test_allow): let through; no
                                violation */
};

/* 1 when the shim is loaded and a policy is in force, else 0.
 * Any thread, any time; async-signal-safe. */
HFOFFLINE_API int hfoffline_active(void);

/* The shim's version, "0.1.0". Any thread; async-signal-safe. */
HFOFFLINE_API const char* hfoffline_version(void);

/* The models dir of the run as an absolute path without symbolic links, or NULL if the run has
 * none. Any thread; async-signal-safe. */
HFOFFLINE_API const char* hfoffline_models_dir(void);

/* How many requests of this kind were refused in this process since it was started; under
 * mode = "audit", how many would have been. Counts every one, also those that the record sums up in
 * one line. A forked child starts with its parent's figure, an executed program with 0. An unknown
 * kind gives 0. Any thread; async-signal-safe. */
HFOFFLINE_API uint64_t hfoffline_refusal_count(enum hfoffline_kind kind);

/* The same for all processes of the run together. Without a launcher (a bare LD_PRELOAD, a baked
 * shim) there is nothing they share, and it is this process's own figure. Any thread;
 * async-signal-safe. */
HFOFFLINE_API uint64_t hfoffline_run_refusal_count(enum hfoffline_kind kind);

/* Names the test that refusals from now on belong to: the "test" of a record line. It is one name
 * for the whole process, used before PYTEST_CURRENT_TEST. NULL or "" clears it. The text is copied
 * and cut at 511 bytes. Programs that this process starts inherit it, through the variable
 * HFOFFLINE_TEST, as it is when they are executed.
 *
 * Any thread may call it, but there is one name: of two threads that set it at once, one wins, and
 * a refusal in a third thread at that moment may carry the old or the new name. Not to be called
 * from a signal handler that may interrupt another call of it. */
HFOFFLINE_API void hfoffline_set_test(const char* name);

/* What tells this run's lines in a record from those of others: the "run" of a record line. NULL
 * without a launcher (a bare LD_PRELOAD, a baked shim), where each process has one of its own. Any
 * thread; async-signal-safe. */
HFOFFLINE_API const char* hfoffline_run(void);

/* The file that record lines go to, as an absolute path; it need not exist before the first line.
 * NULL if nothing is recorded. Any thread; async-signal-safe. */
HFOFFLINE_API const char* hfoffline_record_file(void);

/* Lets one test reach what the policy refuses, as pytest's mark allow_egress does. `rule` is an
 * entry of [egress] allow ("minio.ci:9000", "10.0.0.0/8"). It holds for `test` alone, in every
 * process of the run: for requests at whose moment that is the running test, with or without one of
 * pytest's phases behind it ("a.py::b", "a.py::b (call)"); until hfoffline_test_end(). A process
 * whose environment does not name the test is refused, as is everybody if anything is in doubt.
 * Each request is recorded, with the verdict "allow" and the rule allow_egress("...").
 *
 * Returns 0; EPERM if the run does not permit it ([egress] allow_from_tests, --allow-from-tests);
 * EINVAL for an empty name, or a rule that an allow-list would not take; ENOSPC if 64 rules are in
 * use. Any thread; async-signal-safe. */
HFOFFLINE_API int hfoffline_test_allow(const char* test, const char* rule);

/* Ends what this process allowed to that test. Any thread; async-signal-safe. */
HFOFFLINE_API void hfoffline_test_end(const char* test);

/* ---- Safe with and without the shim ---------------------------------------------------------- */

#ifdef HFOFFLINE_CHECKED_CALLS

static inline int hfoffline_is_active(void) { return hfoffline_active ? hfoffline_active() : 0; }

/* NULL without the shim. */
static inline const char* hfoffline_version_or_null(void) {
  return hfoffline_version ? hfoffline_version() : NULL;
}

/* NULL without the shim or without a models dir. */
static inline const char* hfoffline_models_dir_or_null(void) {
  return hfoffline_models_dir ? hfoffline_models_dir() : NULL;
}

/* NULL without the shim, or where there is none. */
static inline const char* hfoffline_run_or_null(void) {
  return hfoffline_run ? hfoffline_run() : NULL;
}

static inline const char* hfoffline_record_file_or_null(void) {
  return hfoffline_record_file ? hfoffline_record_file() : NULL;
}

/* 0 without the shim: nothing is refused there. */
static inline int hfoffline_allow_in_test(const char* test, const char* rule) {
  return hfoffline_test_allow ? hfoffline_test_allow(test, rule) : 0;
}

/* Does nothing without the shim. */
static inline void hfoffline_end_test(const char* test) {
  if (hfoffline_test_end) hfoffline_test_end(test);
}

/* 0 without the shim. */
static inline uint64_t hfoffline_refusals(enum hfoffline_kind kind) {
  return hfoffline_refusal_count ? hfoffline_refusal_count(kind) : 0;
}

/* 0 without the shim. */
static inline uint64_t hfoffline_run_refusals(enum hfoffline_kind kind) {
  return hfoffline_run_refusal_count ? hfoffline_run_refusal_count(kind) : 0;
}

/* Does nothing without the shim. */
static inline void hfoffline_tag_test(const char* name) {
  if (hfoffline_set_test) hfoffline_set_test(name);
}

#endif /* HFOFFLINE_CHECKED_CALLS */

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* HFOFFLINE_HFOFFLINE_H */
