#include "shim/judge_request.h"

#include <sys/ioctl.h>

#include "shim/judge_path.h"

namespace hfoffline::shim {
namespace {

// Numbers hold the size of what they take, so that 32-bit forms have numbers of their own. Of
// linux/fs.h, linux/fscrypt.h, linux/fsverity.h, linux/msdos_fs.h and linux/btrfs.h, which not
// every system with a compiler has.
bool changes_file(unsigned request) {
  switch (request) {
    case _IOW('f', 2, long):  // FS_IOC_SETFLAGS: what chattr(1) sets
    case _IOW('f', 2, int):
    case _IOW('X', 32, char[28]):  // FS_IOC_FSSETXATTR
    case _IOW('v', 2, long):       // FS_IOC_SETVERSION
    case _IOW('v', 2, int):
    case _IOW('f', 4, long):         // EXT4_IOC_SETVERSION
    case _IOR('f', 19, char[12]):    // FS_IOC_SET_ENCRYPTION_POLICY
    case _IOW('f', 133, char[128]):  // FS_IOC_ENABLE_VERITY
    case _IOW('r', 0x11, int):       // FAT_IOCTL_SET_ATTRIBUTES
    // Subvolumes of btrfs are made and removed through their directory's descriptor.
    case _IOW(0x94, 1, char[4096]):   // BTRFS_IOC_SNAP_CREATE
    case _IOW(0x94, 14, char[4096]):  // BTRFS_IOC_SUBVOL_CREATE
    case _IOW(0x94, 15, char[4096]):  // BTRFS_IOC_SNAP_DESTROY
    case _IOW(0x94, 23, char[4096]):  // BTRFS_IOC_SNAP_CREATE_V2
    case _IOW(0x94, 24, char[4096]):  // BTRFS_IOC_SUBVOL_CREATE_V2
    case _IOW(0x94, 26, long long):   // BTRFS_IOC_SUBVOL_SETFLAGS
    case _IOW(0x94, 63, char[4096]):  // BTRFS_IOC_SNAP_DESTROY_V2
      return true;
    default:
      return false;
  }
}

}  // namespace

int judge_request(int descriptor, unsigned long request) {
  // The kernel takes 32 bits of it.
  return changes_file(static_cast<unsigned>(request)) && has_protected_trees()
             ? judge_metadata_of_descriptor("ioctl", descriptor)
             : 0;
}

}  // namespace hfoffline::shim
