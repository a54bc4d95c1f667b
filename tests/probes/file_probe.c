#define _GNU_SOURCE
#include "file_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "probe.h"
#include "raw.h"
#include "scene.h"

enum special {
  kPlain,
  kNull,          // no path at all
  kUnreadable,    // a pointer the kernel cannot read from
  kHalfReadable,  // a path whose end the kernel cannot read
  kLong,          // longer than PATH_MAX
  kLongName,      // one name longer than NAME_MAX
  kOpened,        // the path's %N is a read-only descriptor of `opened`
  kRemovedCwd,    // the working directory is gone
};

// %B the base, %T the area (tree or treeX), %N a descriptor's number.
struct situation {
  const char* name;
  enum breadth breadth;
  const char* cwd;  // below the base; NULL: the root directory
  const char* path;
  enum special special;
  const char* opened;  // for kOpened
  const char* needs;   // an entry that may be missing
};

static const struct situation path_situations[] = {
    {"existing", kFew, NULL, "%B/%T/file", kPlain, NULL, NULL},
    {"missing", kFew, NULL, "%B/%T/missing", kPlain, NULL, NULL},
    {"missing parent", kMany, NULL, "%B/%T/absent/missing", kPlain, NULL, NULL},
    {"parent is a file", kMany, NULL, "%B/%T/file/x", kPlain, NULL, NULL},
    {"parent is a dangling link", kAll, NULL, "%B/%T/dangling_in/x", kPlain, NULL, NULL},
    {"directory", kFew, NULL, "%B/%T/dir", kPlain, NULL, NULL},
    {"empty directory", kMany, NULL, "%B/%T/empty", kPlain, NULL, NULL},
    {"the root itself", kMany, NULL, "%B/%T", kPlain, NULL, NULL},
    {"the root itself with a slash", kAll, NULL, "%B/%T/", kPlain, NULL, NULL},
    {"the root itself as dot", kAll, "%T", ".", kPlain, NULL, NULL},
    {"dot dot from below", kAll, "%T/dir", "..", kPlain, NULL, NULL},
    {"dot at the end", kAll, NULL, "%B/%T/empty/.", kPlain, NULL, NULL},
    {"dot dot at the end", kAll, NULL, "%B/%T/dir/..", kPlain, NULL, NULL},
    {"nested existing", kAll, NULL, "%B/%T/dir/file", kPlain, NULL, NULL},
    {"nested missing", kAll, NULL, "%B/%T/dir/missing", kPlain, NULL, NULL},
    {"link inside to inside", kMany, NULL, "%B/%T/link_in", kPlain, NULL, NULL},
    {"link inside to outside", kMany, NULL, "%B/%T/link_out", kPlain, NULL, NULL},
    {"link inside to a directory", kAll, NULL, "%B/%T/link_dir", kPlain, NULL, NULL},
    {"link inside to a directory with a slash", kAll, NULL, "%B/%T/link_dir/", kPlain, NULL, NULL},
    {"link outside to inside", kFew, NULL, "%B/out/%T.file", kPlain, NULL, NULL},
    {"absolute link outside to inside", kAll, NULL, "%B/out/%T.absolute", kPlain, NULL, NULL},
    {"link to a link to inside", kAll, NULL, "%B/out/%T.chain", kPlain, NULL, NULL},
    {"dangling link inside to inside", kMany, NULL, "%B/%T/dangling_in", kPlain, NULL, NULL},
    {"dangling link inside to outside", kAll, NULL, "%B/%T/dangling_out", kPlain, NULL, NULL},
    {"dangling link outside to inside", kMany, NULL, "%B/out/%T.missing", kPlain, NULL, NULL},
    {"directory link outside to inside, existing", kMany, NULL, "%B/out/%T.root/file", kPlain, NULL,
     NULL},
    {"directory link outside to inside, missing", kMany, NULL, "%B/out/%T.root/missing", kPlain,
     NULL, NULL},
    {"directory link outside to inside itself", kAll, NULL, "%B/out/%T.root", kPlain, NULL, NULL},
    {"directory link outside to inside with a slash", kAll, NULL, "%B/out/%T.root/", kPlain, NULL,
     NULL},
    {"directory link inside to outside, existing", kAll, NULL, "%B/%T/link_dir_out/file", kPlain,
     NULL, NULL},
    {"directory link inside to outside, missing", kAll, NULL, "%B/%T/link_dir_out/missing", kPlain,
     NULL, NULL},
    {"dot dot through outside", kAll, NULL, "%B/out/../%T/file", kPlain, NULL, NULL},
    {"dot dot through outside, missing", kAll, NULL, "%B/out/../%T/missing", kPlain, NULL, NULL},
    {"dot dot out of inside", kAll, NULL, "%B/%T/../out/file", kPlain, NULL, NULL},
    {"dot dot out of inside, missing", kAll, NULL, "%B/%T/../out/missing", kPlain, NULL, NULL},
    {"dot dot after a link, really inside", kMany, NULL, "%B/out/%T.sub/../file", kPlain, NULL,
     NULL},
    {"dot dot after a link, really inside, missing", kAll, NULL, "%B/out/%T.sub/../missing", kPlain,
     NULL, NULL},
    {"dot dot after a link, really outside", kAll, NULL, "%B/%T/link_dir_out/../out/file", kPlain,
     NULL, NULL},
    {"dot dot after a link, really outside, missing", kAll, NULL,
     "%B/%T/link_dir_out/../out/missing", kPlain, NULL, NULL},
    {"dot dot after a missing directory", kAll, NULL, "%B/%T/absent/../file", kPlain, NULL, NULL},
    {"relative inside", kFew, "%T", "file", kPlain, NULL, NULL},
    {"relative inside, missing", kMany, "%T", "missing", kPlain, NULL, NULL},
    {"relative inside with dots", kAll, "%T", "./dir/../file", kPlain, NULL, NULL},
    {"relative from below", kAll, "%T/dir", "../file", kPlain, NULL, NULL},
    {"relative from the parent", kAll, ".", "%T/file", kPlain, NULL, NULL},
    {"relative from the parent, missing", kAll, ".", "%T/missing", kPlain, NULL, NULL},
    {"relative from outside", kAll, "out", "../%T/file", kPlain, NULL, NULL},
    {"relative from outside through a link", kAll, "out", "%T.root/file", kPlain, NULL, NULL},
    {"relative out of inside", kMany, "%T", "../out/file", kPlain, NULL, NULL},
    {"relative out of inside, missing", kAll, "%T", "../out/missing", kPlain, NULL, NULL},
    {"relative inside, entered through a link", kAll, "out/%T.root", "file", kPlain, NULL, NULL},
    {"relative out of inside, entered through a link", kAll, "out/%T.sub", "../../out/file", kPlain,
     NULL, NULL},
    {"relative in a removed directory", kAll, "out", "file", kRemovedCwd, NULL, NULL},
    {"absolute from a removed directory", kAll, "out", "%B/%T/file", kRemovedCwd, NULL, NULL},
    {"/proc/self/cwd", kAll, "%T", "/proc/self/cwd/file", kPlain, NULL, NULL},
    {"/proc/self/cwd, missing", kAll, "%T", "/proc/self/cwd/missing", kPlain, NULL, NULL},
    {"/proc/self/root", kMany, NULL, "/proc/self/root%B/%T/file", kPlain, NULL, NULL},
    {"/proc/self/root, missing", kAll, NULL, "/proc/self/root%B/%T/missing", kPlain, NULL, NULL},
    {"/proc/self/fd of a file", kMany, NULL, "/proc/self/fd/%N", kOpened, "%T/file", NULL},
    {"/proc/thread-self/fd of a file", kAll, NULL, "/proc/thread-self/fd/%N", kOpened, "%T/file",
     NULL},
    {"/dev/fd of a file", kAll, NULL, "/dev/fd/%N", kOpened, "%T/file", NULL},
    {"/proc/self/fd of a directory", kAll, NULL, "/proc/self/fd/%N", kOpened, "%T/dir", NULL},
    {"/proc/self/fd of a directory, below it", kAll, NULL, "/proc/self/fd/%N/file", kOpened,
     "%T/dir", NULL},
    {"/proc/self/fd of a directory, missing below it", kAll, NULL, "/proc/self/fd/%N/missing",
     kOpened, "%T/dir", NULL},
    {"/proc/self/fd of a file outside", kAll, NULL, "/proc/self/fd/%N", kOpened, "out/file", NULL},
    {"doubled slashes", kAll, NULL, "/%B//%T///file", kPlain, NULL, NULL},
    {"file with a slash at the end", kMany, NULL, "%B/%T/file/", kPlain, NULL, NULL},
    {"missing with a slash at the end", kMany, NULL, "%B/%T/missing/", kPlain, NULL, NULL},
    {"directory with a slash at the end", kAll, NULL, "%B/%T/dir/", kPlain, NULL, NULL},
    {"dangling link with a slash at the end", kAll, NULL, "%B/%T/dangling_in/", kPlain, NULL, NULL},
    {"empty path", kMany, "%T", "", kPlain, NULL, NULL},
    {"no path", kMany, "%T", NULL, kNull, NULL, NULL},
    {"unreadable path", kMany, "%T", NULL, kUnreadable, NULL, NULL},
    {"path with an unreadable end", kAll, "%T", "%B/%T/", kHalfReadable, NULL, NULL},
    {"path over PATH_MAX", kAll, "%T", NULL, kLong, NULL, NULL},
    {"name over NAME_MAX", kAll, "%T", NULL, kLongName, NULL, NULL},
    {"link to itself", kAll, NULL, "%B/%T/loop", kPlain, NULL, NULL},
    {"below a link to itself", kAll, NULL, "%B/%T/loop/file", kPlain, NULL, NULL},
    {"fifo", kMany, NULL, "%B/%T/fifo", kPlain, NULL, NULL},
    {"device", kMany, NULL, "%B/%T/null", kPlain, NULL, "%T/null"},
    {"mode 0444", kMany, NULL, "%B/%T/readonly", kPlain, NULL, NULL},
    {"mode 0000", kMany, NULL, "%B/%T/none", kPlain, NULL, NULL},
    {"a stranger's file", kMany, NULL, "%B/%T/strange", kPlain, NULL, NULL},
    {"a stranger's directory", kAll, NULL, "%B/%T/strange_dir", kPlain, NULL, NULL},
    {"missing in a stranger's directory", kMany, NULL, "%B/%T/strange_dir/missing", kPlain, NULL,
     NULL},
    {"existing in a shared directory", kAll, NULL, "%B/%T/shared/file", kPlain, NULL, NULL},
    {"missing in a shared directory", kMany, NULL, "%B/%T/shared/missing", kPlain, NULL, NULL},
    {"existing in a sticky directory", kAll, NULL, "%B/%T/sticky/file", kPlain, NULL, NULL},
    {"existing in a private directory", kMany, NULL, "%B/%T/private/file", kPlain, NULL, NULL},
    {"missing in a private directory", kAll, NULL, "%B/%T/private/missing", kPlain, NULL, NULL},
    {"snapshot link into blobs", kMany, NULL, "%B/%T/hub/models--a--b/snapshots/c0ffee/model.bin",
     kPlain, NULL, NULL},
    {"blob", kAll, NULL, "%B/%T/hub/models--a--b/blobs/0a1b2c", kPlain, NULL, NULL},
};

// Situations of the *at functions that need a directory descriptor.
struct at_situation {
  const char* name;
  enum breadth breadth;
  const char* directory;  // below the base; NULL: -1; "!": a number that is not open
  int flags;              // to open it with
  const char* path;
};

static const struct at_situation at_situations[] = {
    {"dirfd inside, existing", kFew, "%T", O_DIRECTORY, "file"},
    {"dirfd inside, missing", kFew, "%T", O_DIRECTORY, "missing"},
    {"dirfd inside, nested", kMany, "%T", O_DIRECTORY, "dir/file"},
    {"dirfd below, dot dot", kMany, "%T/dir", O_DIRECTORY, "../file"},
    {"dirfd inside, path only, existing", kMany, "%T", O_PATH, "file"},
    {"dirfd inside through a link", kMany, "out/%T.root", O_DIRECTORY, "file"},
    {"dirfd outside, dot dot", kFew, "out", O_DIRECTORY, "../%T/file"},
    {"dirfd outside, dot dot, missing", kMany, "out", O_DIRECTORY, "../%T/missing"},
    {"dirfd outside, link to inside", kMany, "out", O_DIRECTORY, "%T.file"},
    {"dirfd outside, directory link to inside", kMany, "out", O_DIRECTORY, "%T.root/file"},
    {"dirfd outside, existing", kMany, "out", O_DIRECTORY, "file"},
    {"dirfd outside, missing", kMany, "out", O_DIRECTORY, "missing"},
    {"dirfd of the parent", kMany, ".", O_DIRECTORY, "%T/file"},
    {"dirfd of the parent, the root itself", kMany, ".", O_DIRECTORY, "%T"},
    {"dirfd inside, out of it", kMany, "%T", O_DIRECTORY, "../out/file"},
    {"dirfd inside, link out of it", kMany, "%T", O_DIRECTORY, "link_out"},
    {"dirfd inside, absolute path outside", kMany, "%T", O_DIRECTORY, "%B/out/file"},
    {"dirfd outside, absolute path inside", kMany, "out", O_DIRECTORY, "%B/%T/file"},
    {"dirfd -1, relative", kMany, NULL, 0, "file"},
    {"dirfd -1, absolute path inside", kMany, NULL, 0, "%B/%T/file"},
    {"dirfd not open, relative", kMany, "!", 0, "file"},
    {"dirfd of a file", kMany, "%T/file", 0, "file"},
    {"dirfd of a file, absolute path inside", kMany, "%T/file", 0, "%B/%T/file"},
    {"dirfd inside, empty path", kMany, "%T", O_DIRECTORY, ""},
    {"dirfd of a file, empty path", kMany, "%T/file", 0, ""},
    {"dirfd of a file, path only, empty path", kMany, "%T/file", O_PATH, ""},
    {"dirfd inside, dot", kMany, "%T", O_DIRECTORY, "."},
    {"dirfd inside, no path", kMany, "%T", O_DIRECTORY, NULL},
    {"dirfd of a file, no path", kMany, "%T/file", 0, NULL},
    {"dirfd of a file, path only, no path", kMany, "%T/file", O_PATH, NULL},
};

struct descriptor_situation {
  const char* name;
  enum breadth breadth;
  const char* path;  // below the base; NULL: see flags
  int flags;         // to open it with, or one of the constants below
  const char* needs;
};
enum { kClosed = -1, kPipe = -2, kSocket = -3, kMemory = -4 };

static const struct descriptor_situation descriptor_situations[] = {
    {"read-only descriptor inside", kFew, "%T/file", O_RDONLY, NULL},
    {"descriptor of a directory inside", kFew, "%T/dir", O_RDONLY | O_DIRECTORY, NULL},
    {"descriptor of the root", kMany, "%T", O_RDONLY | O_DIRECTORY, NULL},
    {"path-only descriptor inside", kMany, "%T/file", O_PATH, NULL},
    {"path-only descriptor of a link inside", kMany, "%T/link_in", O_PATH | O_NOFOLLOW, NULL},
    {"read-only descriptor through a link outside", kMany, "out/%T.file", O_RDONLY, NULL},
    {"read-only descriptor through a link to outside", kMany, "%T/link_out", O_RDONLY, NULL},
    {"writable descriptor outside", kFew, "out/shared/file", O_RDWR, NULL},
    {"read-only descriptor outside", kMany, "out/file", O_RDONLY, NULL},
    {"descriptor of a fifo inside", kMany, "%T/fifo", O_RDWR, NULL},
    {"descriptor of a device inside", kMany, "%T/null", O_RDWR, "%T/null"},
    {"read-only descriptor of mode 0444", kMany, "%T/readonly", O_RDONLY, NULL},
    {"read-only descriptor of mode 0000", kMany, "%T/none", O_RDONLY, NULL},
    {"read-only descriptor of a stranger's file", kMany, "%T/strange", O_RDONLY, NULL},
    {"read-only descriptor of a shared file", kMany, "%T/shared/file", O_RDONLY, NULL},
    {"descriptor -1", kFew, NULL, kClosed, NULL},
    {"descriptor of a pipe", kMany, NULL, kPipe, NULL},
    {"descriptor of a socket", kMany, NULL, kSocket, NULL},
    {"descriptor of memory", kMany, NULL, kMemory, NULL},
};

struct pair_situation {
  const char* name;
  enum breadth breadth;
  const char* from;
  const char* to;
};

static const struct pair_situation pair_situations[] = {
    {"inside to inside, missing", kFew, "%B/%T/file", "%B/%T/missing"},
    {"inside to inside, existing", kFew, "%B/%T/file", "%B/%T/other"},
    {"inside to another directory inside", kMany, "%B/%T/file", "%B/%T/dir/missing"},
    {"inside to itself", kMany, "%B/%T/file", "%B/%T/file"},
    {"missing inside to inside", kFew, "%B/%T/missing", "%B/%T/missing2"},
    {"missing parent inside to inside", kMany, "%B/%T/absent/x", "%B/%T/missing"},
    {"inside to a missing parent inside", kMany, "%B/%T/file", "%B/%T/absent/x"},
    {"file as a parent to inside", kMany, "%B/%T/file/x", "%B/%T/missing"},
    {"inside to outside, missing", kFew, "%B/%T/file", "%B/out/missing"},
    {"inside to outside, existing", kFew, "%B/%T/file", "%B/out/file"},
    {"missing inside to outside", kMany, "%B/%T/missing", "%B/out/missing"},
    {"outside to inside, missing", kFew, "%B/out/file", "%B/%T/missing"},
    {"outside to inside, existing", kFew, "%B/out/file", "%B/%T/file"},
    {"missing outside to inside", kMany, "%B/out/missing", "%B/%T/missing"},
    {"outside to a missing parent inside", kMany, "%B/out/file", "%B/%T/absent/x"},
    {"missing parent outside to inside", kMany, "%B/out/absent/x", "%B/%T/missing"},
    {"outside to outside", kFew, "%B/out/file", "%B/out/missing"},
    {"outside to outside, existing", kMany, "%B/out/file", "%B/out/other"},
    {"directory inside to inside", kMany, "%B/%T/empty", "%B/%T/missing"},
    {"directory inside over a full directory", kMany, "%B/%T/empty", "%B/%T/dir"},
    {"directory inside over a file", kMany, "%B/%T/empty", "%B/%T/file"},
    {"file inside over a directory", kMany, "%B/%T/file", "%B/%T/empty"},
    {"directory inside below itself", kMany, "%B/%T/dir", "%B/%T/dir/x"},
    {"directory inside to outside", kMany, "%B/%T/empty", "%B/out/missing"},
    {"directory outside to inside", kMany, "%B/out/empty", "%B/%T/missing"},
    {"the root itself to outside", kMany, "%B/%T", "%B/out/missing"},
    {"the root itself to inside", kMany, "%B/%T", "%B/%T/missing"},
    {"directory outside over the root", kMany, "%B/out/empty", "%B/%T"},
    {"file outside over the root", kMany, "%B/out/file", "%B/%T"},
    {"link inside to inside", kMany, "%B/%T/link_in", "%B/%T/missing"},
    {"link outside to inside, to outside", kMany, "%B/out/%T.file", "%B/out/missing"},
    {"outside over a link to inside", kMany, "%B/out/file", "%B/out/%T.file"},
    {"outside through a directory link to inside", kMany, "%B/out/file", "%B/out/%T.root/missing"},
    {"inside through a directory link, to outside", kMany, "%B/out/%T.root/file", "%B/out/missing"},
    {"inside through a directory link, to inside", kMany, "%B/out/%T.root/file", "%B/%T/missing"},
    {"outside through a directory link inside", kMany, "%B/%T/link_dir_out/file", "%B/out/missing"},
    {"outside through a link, to a link's outside", kMany, "%B/%T/link_dir_out/file",
     "%B/%T/link_dir_out/missing"},
    {"dot dot out of inside", kMany, "%B/%T/../out/file", "%B/%T/../out/missing"},
    {"file with a slash, inside", kMany, "%B/%T/file/", "%B/%T/missing"},
    {"inside to missing with a slash", kMany, "%B/%T/file", "%B/%T/missing/"},
    {"directory inside to missing with a slash", kMany, "%B/%T/empty/", "%B/%T/missing/"},
    {"dot of a directory inside", kMany, "%B/%T/empty/.", "%B/%T/missing"},
    {"inside to dot dot", kMany, "%B/%T/file", "%B/%T/dir/.."},
    {"empty path to inside", kMany, "", "%B/%T/missing"},
    {"inside to an empty path", kMany, "%B/%T/file", ""},
    {"outside to an empty path", kMany, "%B/out/file", ""},
    {"no path to inside", kMany, NULL, "%B/%T/missing"},
    {"inside to no path", kMany, "%B/%T/file", NULL},
    {"relative inside", kFew, "file", "missing"},
    {"relative inside to outside", kMany, "file", "../out/missing"},
    {"relative outside to outside", kMany, "../out/file", "../out/missing"},
    {"loop inside", kMany, "%B/%T/loop", "%B/%T/missing"},
    {"below a loop inside", kMany, "%B/%T/loop/x", "%B/%T/missing"},
    {"shared directory inside", kMany, "%B/%T/shared/file", "%B/%T/shared/missing"},
    {"sticky directory inside", kMany, "%B/%T/sticky/file", "%B/%T/shared/missing"},
    {"private directory inside", kMany, "%B/%T/private/file", "%B/%T/private/missing"},
    {"shared outside to shared inside", kMany, "%B/out/shared/file", "%B/%T/shared/missing"},
    {"shared inside to shared outside", kMany, "%B/%T/shared/file", "%B/out/shared/missing"},
    {"partial download inside", kMany, "%B/%T/hub/models--a--b/blobs/0a1b2c",
     "%B/%T/hub/models--a--b/blobs/missing"},
};

// Two directory descriptors: rename relative to each.
struct pair_at_situation {
  const char* name;
  enum breadth breadth;
  const char* from_directory;
  const char* from;
  const char* to_directory;
  const char* to;
};

static const struct pair_at_situation pair_at_situations[] = {
    {"dirfd inside to dirfd inside", kFew, "%T", "file", "%T", "missing"},
    {"dirfd inside to dirfd inside, existing", kMany, "%T", "file", "%T", "other"},
    {"dirfd inside to dirfd outside", kFew, "%T", "file", "out", "missing"},
    {"dirfd outside to dirfd inside", kFew, "out", "file", "%T", "missing"},
    {"dirfd outside to dirfd outside", kFew, "out", "file", "out", "missing"},
    {"dirfd outside, dot dot, to the same", kMany, "out", "../%T/file", "out", "../%T/missing"},
    {"dirfd inside, dot dot, to the same", kMany, "%T", "../out/file", "%T", "../out/missing"},
    {"dirfd -1 to dirfd inside", kMany, NULL, "file", "%T", "missing"},
    {"dirfd inside to dirfd -1", kMany, "%T", "file", NULL, "missing"},
    {"dirfd -1, absolute paths inside", kMany, NULL, "%B/%T/file", NULL, "%B/%T/missing"},
    {"dirfd of a file to dirfd inside", kMany, "%T/file", "x", "%T", "missing"},
    {"dirfd inside, empty paths", kMany, "%T", "", "%T", ""},
};

static const char* base;
static const char* area;
static unsigned identity_uid;
static int identity_switches;
static const char* identity_name;
static enum breadth identity_breadth;
static int who;  // its place in the command line
static char** words;
static int word_count;

enum { kPathSize = 8192 };

// Fills in the template. `number` stands for %N.
static const char* expand(const char* template, char* buffer, int number) {
  size_t used = 0;
  buffer[0] = 0;
  for (const char* at = template; *at; at++) {
    if (at[0] == '%' && at[1] == 'B') {
      used += (size_t)snprintf(buffer + used, kPathSize - used, "%s", base);
      at++;
    } else if (at[0] == '%' && at[1] == 'T') {
      used += (size_t)snprintf(buffer + used, kPathSize - used, "%s", area);
      at++;
    } else if (at[0] == '%' && at[1] == 'N') {
      used += (size_t)snprintf(buffer + used, kPathSize - used, "%d", number);
      at++;
    } else {
      buffer[used++] = *at;
      buffer[used] = 0;
    }
  }
  return buffer;
}

static const char* below_base(const char* template, char* buffer) {
  char relative[kPathSize];
  snprintf(relative, sizeof relative, "%%B/%s", template);
  return expand(relative, buffer, 0);
}

static void fail(const char* what, long error) {
  report("not called, %s before it: %s", what, errno_name((int)-error));
  RAW1(SYS_exit_group, 0);
}

// Opens something below the base, as whoever the row is for.
static int open_below(const char* template, int flags) {
  char path[kPathSize];
  below_base(template, path);
  return (int)RAW4(SYS_openat, AT_FDCWD, path, flags | O_NONBLOCK, 0);
}

static void enter(const char* template) {
  char path[kPathSize];
  if (template == NULL) return;
  below_base(template, path);
  long result = RAW1(SYS_chdir, path);
  if (result != 0) fail("chdir", result);
}

// A fifo without a reader would make a writer wait; nobody else has it open.
static void hold_fifo(void) {
  char name[kPathSize];
  RAW4(SYS_openat, AT_FDCWD, expand("%B/%T/fifo", name, 0), O_RDWR | O_NONBLOCK, 0);
}

static void become(void) {
  if (!identity_switches) return;
  RAW2(SYS_setgroups, 0, NULL);
  long result = RAW3(SYS_setresgid, identity_uid, identity_uid, identity_uid);
  if (result == 0) result = RAW3(SYS_setresuid, identity_uid, identity_uid, identity_uid);
  if (result != 0) fail("setresuid", result);
  // Without it /proc/self would belong to root after the change.
  RAW2(SYS_prctl, PR_SET_DUMPABLE, 1);
}

static char* no_access_page(void) {
  char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) fail("mmap", -errno);
  mprotect(pages + 4096, 4096, PROT_NONE);
  return pages + 4096;
}

struct row {
  const struct operation* operation;
  const void* situation;
};

static void call_now(const struct row* row, const struct place* place) {
  errno = 0;
  row->operation->call(place, row->operation);
}

static void path_row(void* context) {
  const struct row* row = context;
  become();
  const struct situation* situation = row->situation;
  static char buffer[kPathSize];
  struct place place = {AT_FDCWD, buffer, -1, NULL, AT_FDCWD};
  int number = -1;
  if (situation->special == kOpened) {
    number = open_below(situation->opened, O_RDONLY);
    if (number < 0) fail("open", number);
  }
  if (situation->special == kRemovedCwd) {
    char gone[kPathSize];
    snprintf(gone, sizeof gone, "%s/gone", base);
    RAW3(SYS_mkdirat, AT_FDCWD, gone, 0755);
    RAW1(SYS_chdir, gone);
    RAW3(SYS_unlinkat, AT_FDCWD, gone, AT_REMOVEDIR);
  } else {
    enter(situation->cwd);
  }
  hold_fifo();
  switch (situation->special) {
    case kNull:
      place.path = NULL;
      break;
    case kUnreadable:
      place.path = no_access_page();
      break;
    case kHalfReadable: {
      expand(situation->path, buffer, 0);
      size_t length = strlen(buffer);
      char* end = no_access_page();
      memcpy(end - length, buffer, length);
      place.path = end - length;
      break;
    }
    case kLong:
      expand("%B/%T", buffer, 0);
      while (strlen(buffer) < 5000) strcat(buffer, "/.");
      strcat(buffer, "/file");
      break;
    case kLongName: {
      expand("%B/%T/", buffer, 0);
      size_t length = strlen(buffer);
      memset(buffer + length, 'n', 300);
      buffer[length + 300] = 0;
      break;
    }
    default:
      expand(situation->path, buffer, number);
  }
  call_now(row, &place);
}

static int open_directory(const char* template, int flags) {
  if (template == NULL) return -1;
  if (template[0] == '!') return 999;
  int fd = open_below(template, flags);
  if (fd < 0) fail("open", fd);
  return fd;
}

static void at_row(void* context) {
  const struct row* row = context;
  become();
  const struct at_situation* situation = row->situation;
  static char buffer[kPathSize];
  struct place place = {open_directory(situation->directory, situation->flags), NULL, -1, NULL,
                        AT_FDCWD};
  if (situation->path) place.path = expand(situation->path, buffer, 0);
  call_now(row, &place);
}

static void descriptor_row(void* context) {
  const struct row* row = context;
  become();
  const struct descriptor_situation* situation = row->situation;
  struct place place = {AT_FDCWD, NULL, -1, NULL, AT_FDCWD};
  int pair[2];
  hold_fifo();
  if (situation->path) {
    place.fd = open_below(situation->path, situation->flags);
    if (place.fd < 0) fail("open", place.fd);
  } else if (situation->flags == kPipe) {
    if (RAW2(SYS_pipe2, pair, 0) == 0) place.fd = pair[1];
  } else if (situation->flags == kSocket) {
    place.fd = (int)RAW3(SYS_socket, 1 /* AF_UNIX */, 1 /* SOCK_STREAM */, 0);
  } else if (situation->flags == kMemory) {
    place.fd = (int)RAW2(SYS_memfd_create, "probe", 0);
  }
  call_now(row, &place);
}

static void pair_row(void* context) {
  const struct row* row = context;
  become();
  const struct pair_situation* situation = row->situation;
  static char from[kPathSize], to[kPathSize];
  struct place place = {AT_FDCWD, NULL, -1, NULL, AT_FDCWD};
  if (situation->from) place.path = expand(situation->from, from, 0);
  if (situation->to) place.to = expand(situation->to, to, 0);
  enter("%T");
  call_now(row, &place);
}

static void pair_at_row(void* context) {
  const struct row* row = context;
  become();
  const struct pair_at_situation* situation = row->situation;
  static char from[kPathSize], to[kPathSize];
  struct place place = {AT_FDCWD, NULL, -1, NULL, AT_FDCWD};
  place.dirfd = open_directory(situation->from_directory, 0);
  place.to_dirfd = open_directory(situation->to_directory, 0);
  place.path = expand(situation->from, from, 0);
  place.to = expand(situation->to, to, 0);
  call_now(row, &place);
}

static void after_row(char* text, size_t size) {
  if (scene_check(text, size) > 0) {
    int result = scene_restore();
    if (result != 0) {
      fprintf(stderr, "cannot restore the scene in %s: %s\n", base, errno_name(-result));
      exit(2);
    }
  }
}

static void one(const struct operation* operation, const char* name, enum breadth breadth,
                const char* needs, void (*work)(void*), const void* situation) {
  char entry[kPathSize], line[512];
  if (breadth > operation->breadth) return;
  if (breadth > identity_breadth) return;
  // That the sibling stays writable needs little proof beyond the first identity.
  if (who > 0 && breadth > kFew && strcmp(area, "tree") != 0) return;
  if (needs && !scene_has(expand(needs, entry, 0))) return;
  snprintf(line, sizeof line, "%s(%s) %s: %s [%s]", operation->function, operation->variant,
           strcmp(area, "tree") == 0 ? "tree" : "sibling", name, identity_name);
  int wanted = word_count == 0;
  for (int i = 0; i < word_count; i++) wanted |= strstr(line, words[i]) != NULL;
  if (!wanted) return;
  struct row row = {operation, situation};
  run_row(line, work, &row, after_row);
}

static void all_situations(const struct operation* operation) {
  enum probe_kind kind = operation->kind;
  if (kind == kPath || kind == kAt)
    for (size_t i = 0; i < COUNT(path_situations); i++) {
      // The *at functions see the plain paths too, but one size smaller.
      if (kind == kAt && operation->breadth != kAll && path_situations[i].breadth != kFew) continue;
      one(operation, path_situations[i].name, path_situations[i].breadth, path_situations[i].needs,
          path_row, &path_situations[i]);
    }
  if (kind == kAt)
    for (size_t i = 0; i < COUNT(at_situations); i++)
      one(operation, at_situations[i].name, at_situations[i].breadth, NULL, at_row,
          &at_situations[i]);
  if (kind == kDescriptor)
    for (size_t i = 0; i < COUNT(descriptor_situations); i++)
      one(operation, descriptor_situations[i].name, descriptor_situations[i].breadth,
          descriptor_situations[i].needs, descriptor_row, &descriptor_situations[i]);
  if (kind == kTwoPaths || kind == kTwoAt)
    for (size_t i = 0; i < COUNT(pair_situations); i++)
      one(operation, pair_situations[i].name, pair_situations[i].breadth, NULL, pair_row,
          &pair_situations[i]);
  if (kind == kTwoAt)
    for (size_t i = 0; i < COUNT(pair_at_situations); i++)
      one(operation, pair_at_situations[i].name, pair_at_situations[i].breadth, NULL, pair_at_row,
          &pair_at_situations[i]);
}

int run_file_probes(int argc, char** argv, const struct operation* operations, size_t count) {
  if (argc < 4) {
    fprintf(stderr, "usage: %s BASE OWNER IDENTITY[:many|:few][=UID]... [-- WORD...]\n", argv[0]);
    return 2;
  }
  base = argv[1];
  scene_init(base, (unsigned)atoi(argv[2]));
  int damaged = scene_restore();
  if (damaged != 0) {
    fprintf(stderr, "no usable scene in %s: %s\n", base, errno_name(-damaged));
    return 2;
  }
  start_rows();
  int identities = 3;
  while (identities < argc && strcmp(argv[identities], "--") != 0) identities++;
  if (identities < argc) {
    words = argv + identities + 1;
    word_count = argc - identities - 1;
  }
  static const char* const areas[] = {"tree", "treeX"};
  for (who = 0; who + 3 < identities; who++) {
    char* equals = strchr(argv[who + 3], '=');
    identity_switches = equals != NULL;
    identity_uid = equals ? (unsigned)atoi(equals + 1) : 0;
    if (equals) *equals = 0;
    char* colon = strchr(argv[who + 3], ':');
    identity_breadth = kAll;
    if (colon && strcmp(colon, ":many") == 0) identity_breadth = kMany;
    if (colon && strcmp(colon, ":few") == 0) identity_breadth = kFew;
    if (colon) *colon = 0;
    identity_name = argv[who + 3];
    for (size_t i = 0; i < COUNT(areas); i++) {
      area = areas[i];
      for (size_t k = 0; k < count; k++)
        if (operations[k].address != NULL) all_situations(&operations[k]);
    }
  }
  return fflush(stdout) == 0 ? 0 : 2;
}
