#define _GNU_SOURCE
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "raw.h"
#include "statx.h"

enum { kSceneTime = 1000000000, kStranger = 65534, kMaximumPath = 512 };

struct entry {
  const char* name;
  char type;  // d directory, f file, l link, p fifo, c the null device
  unsigned mode;
  const char* text;  // a file's content, a link's target; %B is the base
  char strange;      // owned by kStranger also where the scene is root's
};

#define AREA(A)                                                                                    \
  {A, 'd', 0755, "", 0}, {A "/dir", 'd', 0755, "", 0},                                             \
      {A "/dir/file", 'f', 0644, "nested file\n", 0}, {A "/empty", 'd', 0755, "", 0},              \
      {A "/shared", 'd', 0777, "", 0},                                                             \
      {A "/shared/file", 'f', 0666, "anyone may write this\n", 0},                                 \
      {A "/sticky", 'd', 01777, "", 0},                                                            \
      {A "/sticky/file", 'f', 0666, "only its owner may unlink this\n", 0},                        \
      {A "/private", 'd', 0700, "", 0},                                                            \
      {A "/private/file", 'f', 0644, "behind a closed door\n", 0},                                 \
      {A "/file", 'f', 0644, "file\n", 0}, {A "/other", 'f', 0644, "the other file\n", 0},         \
      {A "/readonly", 'f', 0444, "mode 0444\n", 0}, {A "/none", 'f', 0000, "mode 0000 file\n", 0}, \
      {A "/strange", 'f', 0644, "a stranger's own\n", 1}, {A "/strange_dir", 'd', 0755, "", 1},    \
      {A "/link_in", 'l', 0777, "file", 0}, {A "/link_out", 'l', 0777, "../out/file", 0},          \
      {A "/link_dir", 'l', 0777, "dir", 0}, {A "/link_dir_out", 'l', 0777, "../out", 0},           \
      {A "/dangling_in", 'l', 0777, "missing", 0},                                                 \
      {A "/dangling_out", 'l', 0777, "../out/missing", 0}, {A "/loop", 'l', 0777, "loop", 0},      \
      {A "/fifo", 'p', 0666, "", 0}, {A "/null", 'c', 0666, "", 0}, {A "/hub", 'd', 0755, "", 0},  \
      {A "/hub/models--a--b", 'd', 0755, "", 0}, {A "/hub/models--a--b/blobs", 'd', 0755, "", 0},  \
      {A "/hub/models--a--b/blobs/0a1b2c", 'f', 0644, "model weights\n", 0},                       \
      {A "/hub/models--a--b/snapshots", 'd', 0755, "", 0},                                         \
      {A "/hub/models--a--b/snapshots/c0ffee", 'd', 0755, "", 0}, {                                \
    A "/hub/models--a--b/snapshots/c0ffee/model.bin", 'l', 0777, "../../blobs/0a1b2c", 0           \
  }

#define LINKS_TO(A)                                            \
  {"out/" A ".file", 'l', 0777, "../" A "/file", 0},           \
      {"out/" A ".absolute", 'l', 0777, "%B/" A "/file", 0},   \
      {"out/" A ".chain", 'l', 0777, A ".file", 0},            \
      {"out/" A ".missing", 'l', 0777, "../" A "/missing", 0}, \
      {"out/" A ".root", 'l', 0777, "../" A, 0}, {             \
    "out/" A ".sub", 'l', 0777, "../" A "/dir", 0              \
  }

// clang-format off
static const struct entry entries[] = {
    AREA("tree"), AREA("treeX"),
    {"out", 'd', 0755, "", 0},
    {"out/file", 'f', 0644, "outside\n", 0},
    {"out/other", 'f', 0644, "outside, another\n", 0},
    {"out/dir", 'd', 0755, "", 0},
    {"out/dir/file", 'f', 0644, "outside, nested\n", 0},
    {"out/empty", 'd', 0755, "", 0},
    {"out/shared", 'd', 0777, "", 0},
    {"out/shared/file", 'f', 0666, "outside, shared\n", 0},
    LINKS_TO("tree"), LINKS_TO("treeX"),
};
// clang-format on
enum { kEntries = sizeof entries / sizeof entries[0] };

static const char* base_path;
static int base_fd = -1;
static unsigned base_owner;
static struct statx seen[kEntries];  // by the last scene_check
static char present[kEntries];
static uint64_t link_inode[kEntries];  // a link that is still the same cannot lead elsewhere
static char changed_directory[kEntries];

void scene_init(const char* base, unsigned owner) {
  base_path = base;
  base_owner = owner;
  base_fd = (int)RAW4(SYS_openat, AT_FDCWD, base, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
}

static void link_target(const struct entry* entry, char* buffer) {
  if (strncmp(entry->text, "%B", 2) == 0)
    snprintf(buffer, kMaximumPath, "%s%s", base_path, entry->text + 2);
  else
    snprintf(buffer, kMaximumPath, "%s", entry->text);
}

static unsigned owner_of(const struct entry* entry) {
  return entry->strange && base_owner == 0 ? kStranger : base_owner;
}

static int look(const char* name, struct statx* facts) {
  return (int)RAW5(SYS_statx, base_fd, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, facts);
}

static char type_of(unsigned mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return 'd';
    case S_IFREG:
      return 'f';
    case S_IFLNK:
      return 'l';
    case S_IFIFO:
      return 'p';
    case S_IFCHR:
      return 'c';
    default:
      return '?';
  }
}

static int same_target(const struct entry* entry, const char* name) {
  char expected[kMaximumPath], found[kMaximumPath];
  link_target(entry, expected);
  long length = RAW4(SYS_readlinkat, base_fd, name, found, sizeof found - 1);
  if (length < 0) return 0;
  found[length] = 0;
  return strcmp(expected, found) == 0;
}

static int known(const char* name) {
  for (int i = 0; i < kEntries; i++)
    if (strcmp(entries[i].name, name) == 0) return i;
  return -1;
}

int scene_has(const char* name) {
  struct statx facts;
  return look(name, &facts) == 0;
}

// Calls `visit` with the scene name of each entry of a directory that no table row names.
static void each_unknown(const char* name, void (*visit)(const char* name, void* context),
                         void* context) {
  char buffer[4096] __attribute__((aligned(8)));
  int fd = (int)RAW4(SYS_openat, base_fd, name, O_RDONLY | O_DIRECTORY, 0);
  if (fd < 0) return;
  char found[16][kMaximumPath];
  int count = 0;
  for (;;) {
    long length = RAW3(SYS_getdents64, fd, buffer, sizeof buffer);
    if (length <= 0) break;
    for (long at = 0; at < length;) {
      uint16_t record;
      memcpy(&record, buffer + at + 16, sizeof record);
      const char* entry = buffer + at + 19;
      at += record;
      if (strcmp(entry, ".") == 0 || strcmp(entry, "..") == 0 || count == 16) continue;
      snprintf(found[count], kMaximumPath, "%s/%s", name, entry);
      if (known(found[count]) < 0) count++;
    }
  }
  RAW1(SYS_close, fd);
  // Directory order differs between file systems; names sorted make results comparable.
  for (int i = 1; i < count; i++)
    for (int k = i; k > 0 && strcmp(found[k - 1], found[k]) > 0; k--) {
      char swap[kMaximumPath];
      memcpy(swap, found[k], sizeof swap);
      memcpy(found[k], found[k - 1], sizeof swap);
      memcpy(found[k - 1], swap, sizeof swap);
    }
  for (int i = 0; i < count; i++) visit(found[i], context);
}

static void remove_everything(const char* name);

static void remove_visitor(const char* name, void* context) {
  (void)context;
  remove_everything(name);
}

static void remove_everything(const char* name) {
  if (RAW3(SYS_unlinkat, base_fd, name, 0) == 0) return;
  for (int i = 0; i < kEntries; i++) {
    size_t length = strlen(name);
    if (strncmp(entries[i].name, name, length) == 0 && entries[i].name[length] == '/')
      remove_everything(entries[i].name);
  }
  // each_unknown finds a handful at a time.
  for (int i = 0; i < 10; i++) {
    each_unknown(name, remove_visitor, NULL);
    if (RAW3(SYS_unlinkat, base_fd, name, AT_REMOVEDIR) == 0) return;
  }
}

static int make(const struct entry* entry, const char* name) {
  char target[kMaximumPath];
  switch (entry->type) {
    case 'd':
      return (int)RAW3(SYS_mkdirat, base_fd, name, entry->mode);
    case 'f': {
      long fd = RAW4(SYS_openat, base_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
      if (fd >= 0) RAW1(SYS_close, fd);
      return fd < 0 ? (int)fd : 0;
    }
    case 'l':
      link_target(entry, target);
      return (int)RAW3(SYS_symlinkat, target, base_fd, name);
    case 'p':
      return (int)RAW4(SYS_mknodat, base_fd, name, S_IFIFO | entry->mode, 0);
    default:
      // Not everybody may make a device, and not everywhere.
      RAW4(SYS_mknodat, base_fd, name, S_IFCHR | entry->mode, (1 << 8) | 3);
      return 0;
  }
}

static void set_time(const char* name) {
  struct timespec times[2] = {{kSceneTime, 0}, {kSceneTime, 0}};
  RAW4(SYS_utimensat, base_fd, name, times, AT_SYMLINK_NOFOLLOW);
}

static int fresh_time(const struct statx* facts) {
  return facts->stx_mtime.tv_sec == kSceneTime && facts->stx_mtime.tv_nsec == 0;
}

int scene_restore(void) {
  struct statx facts;
  for (int i = 0; i < kEntries; i++) {
    const struct entry* entry = &entries[i];
    const char* name = entry->name;
    int fresh = 0;
    int found = look(name, &facts);
    if (found == 0 && (type_of(facts.stx_mode) != entry->type ||
                       (entry->type == 'l' && !same_target(entry, name)))) {
      remove_everything(entry->name);
      found = -ENOENT;
    }
    if (found != 0) {
      int result = make(entry, name);
      if (result != 0) return result;
      fresh = 1;
      if (look(name, &facts) != 0) {
        if (entry->type == 'c') continue;
        return -EIO;
      }
    }
    if (facts.stx_uid != owner_of(entry) || facts.stx_gid != owner_of(entry))
      RAW5(SYS_fchownat, base_fd, name, owner_of(entry), owner_of(entry), AT_SYMLINK_NOFOLLOW);
    if (entry->type == 'f' &&
        (fresh || !fresh_time(&facts) || facts.stx_size != strlen(entry->text))) {
      RAW3(SYS_fchmodat, base_fd, name, 0600);
      long fd = RAW4(SYS_openat, base_fd, name, O_WRONLY | O_TRUNC, 0);
      if (fd < 0) return (int)fd;
      RAW3(SYS_write, fd, entry->text, strlen(entry->text));
      RAW1(SYS_close, fd);
      facts.stx_mode = 0600;
    }
    if (entry->type != 'l' && (fresh || (facts.stx_mode & 07777) != entry->mode))
      RAW3(SYS_fchmodat, base_fd, name, entry->mode);
    if (entry->type == 'd' && !fresh) each_unknown(entry->name, remove_visitor, NULL);
  }
  // Last, because everything above touches the directories' times.
  for (int i = kEntries - 1; i >= 0; i--) {
    const char* name = entries[i].name;
    if (look(name, &facts) != 0) continue;
    if (!fresh_time(&facts)) set_time(name);
    link_inode[i] = facts.stx_ino;
  }
  return 0;
}

struct report {
  char* text;
  size_t size, used;
  int differences;
};

static void say(struct report* report, const char* format, const char* name, const char* how) {
  int written =
      snprintf(report->text + report->used, report->size - report->used, format, name, how);
  if (written > 0 && report->used + (size_t)written < report->size) report->used += (size_t)written;
  report->differences++;
}

static void created(const char* name, void* context) {
  char how[64];
  struct statx facts;
  if (look(name, &facts) != 0) return;
  snprintf(how, sizeof how, "%c%04o", type_of(facts.stx_mode), facts.stx_mode & 07777);
  say(context, " +%s(%s)", name, how);
}

int scene_check(char* text, size_t size) {
  char how[128];
  struct report report = {text, size, 0, 0};
  text[0] = 0;
  memset(changed_directory, 0, sizeof changed_directory);
  // What is gone comes first: it explains its directory's time.
  for (int i = 0; i < kEntries; i++) {
    const struct entry* entry = &entries[i];
    present[i] = look(entry->name, &seen[i]) == 0;
    if (present[i] || entry->type == 'c') continue;  // a device may never have been made
    say(&report, " -%s%s", entry->name, "");
    char parent[kMaximumPath];
    snprintf(parent, sizeof parent, "%s", entry->name);
    char* slash = strrchr(parent, '/');
    if (slash) *slash = 0;
    int at = slash ? known(parent) : -1;
    if (at >= 0) changed_directory[at] = 1;
  }
  for (int i = 0; i < kEntries; i++) {
    const struct entry* entry = &entries[i];
    const char* name = entry->name;
    if (!present[i]) continue;
    const struct statx facts = seen[i];
    how[0] = 0;
    size_t used = 0;
    if (type_of(facts.stx_mode) != entry->type)
      used += (size_t)snprintf(how + used, sizeof how - used, ",type");
    else if (entry->type == 'l' && facts.stx_ino != link_inode[i] && !same_target(entry, name))
      used += (size_t)snprintf(how + used, sizeof how - used, ",target");
    else if (entry->type == 'f' && facts.stx_size != strlen(entry->text))
      used += (size_t)snprintf(how + used, sizeof how - used, ",size=%llu",
                               (unsigned long long)facts.stx_size);
    if (entry->type != 'l' && (facts.stx_mode & 07777) != entry->mode)
      used += (size_t)snprintf(how + used, sizeof how - used, ",mode=%04o", facts.stx_mode & 07777);
    if (facts.stx_uid != owner_of(entry) || facts.stx_gid != owner_of(entry))
      used += (size_t)snprintf(how + used, sizeof how - used, ",owner");
    if (!fresh_time(&facts) && entry->type == 'd') {
      int before = report.differences;
      each_unknown(entry->name, created, &report);
      // A directory's time moves with its entries; only a time of its own is worth a word.
      if (report.differences == before && !changed_directory[i])
        used += (size_t)snprintf(how + used, sizeof how - used, ",mtime");
    } else if (!fresh_time(&facts)) {
      used += (size_t)snprintf(how + used, sizeof how - used, ",mtime");
    }
    if (!fresh_time(&facts) && facts.stx_mtime.tv_sec == kProbeTime)
      used += (size_t)snprintf(how + used, sizeof how - used, "=given");
    if (used) say(&report, " ~%s:%s", entry->name, how + 1);
  }
  return report.differences;
}
