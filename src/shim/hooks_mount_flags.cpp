// statvfs(3) and its kin: the kernel answers, and what lies in a tree is read-only.
#include "shim/interpose.h"
#include "shim/mount_flags.h"
#include "shim/redirect.h"
#include "shim/undeclared.h"

using namespace hfoffline::shim;

#define INTERPOSE_STATUS(name, place_type, status_type, lead)             \
  INTERPOSE(int, name, (place_type place, struct status_type * status)) { \
    lead(place);                                                          \
    const int result = NEXT(name)(place, status);                         \
    if (result == 0) mark_read_only(place, status);                       \
    return result;                                                        \
  }
#define NOWHERE(place)

INTERPOSE_STATUS(statvfs, const char*, statvfs, REDIRECT)
INTERPOSE_STATUS(statvfs64, const char*, statvfs64, REDIRECT)
INTERPOSE_STATUS(fstatvfs, int, statvfs, NOWHERE)
INTERPOSE_STATUS(fstatvfs64, int, statvfs64, NOWHERE)
INTERPOSE_STATUS(statfs, const char*, statfs, REDIRECT)
INTERPOSE_STATUS(statfs64, const char*, statfs64, REDIRECT)
INTERPOSE_STATUS(__statfs, const char*, statfs, REDIRECT)
INTERPOSE_STATUS(fstatfs, int, statfs, NOWHERE)
INTERPOSE_STATUS(fstatfs64, int, statfs64, NOWHERE)
