// ioctl: file flags are set through a descriptor that is open for reading.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "file_probe.h"
#include "probe.h"
#include "raw.h"

// To what they are: nothing changes but for the time of the change.
static void call_set(const struct place* place, const struct operation* operation) {
  long flags = 0;
  RAW3(SYS_ioctl, place->fd, FS_IOC_GETFLAGS, &flags);
  (void)operation;
  report_call(ioctl(place->fd, FS_IOC_SETFLAGS, &flags));
}

static void call_set_attributes(const struct place* place, const struct operation* operation) {
  struct fsxattr attributes = {0};
  RAW3(SYS_ioctl, place->fd, FS_IOC_FSGETXATTR, &attributes);
  (void)operation;
  report_call(ioctl(place->fd, FS_IOC_FSSETXATTR, &attributes));
}

static void call_get(const struct place* place, const struct operation* operation) {
  long flags = 0;
  (void)operation;
  report_call(ioctl(place->fd, FS_IOC_GETFLAGS, &flags));
}

static void call_clone(const struct place* place, const struct operation* operation) {
  (void)operation;
  report_call(ioctl(place->fd, FICLONE, place->fd));
}

#define ROW(request, breadth, call) \
  { "ioctl", request, kDescriptor, breadth, call, FUNCTION(ioctl), 0, 0 }

static const struct operation operations[] = {
    ROW("FS_IOC_SETFLAGS", kMany, call_set),
    ROW("FS_IOC_FSSETXATTR", kMany, call_set_attributes),
    ROW("FS_IOC_GETFLAGS", kFew, call_get),
    ROW("FICLONE", kFew, call_clone),
};

int main(int argc, char** argv) {
  return run_file_probes(argc, argv, operations, COUNT(operations));
}
