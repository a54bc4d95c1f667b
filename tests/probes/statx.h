// struct statx for libcs that do not declare it (musl before 1.2.4). See statx(2).
#pragma once

#include <stdint.h>
#include <sys/stat.h>

#ifndef STATX_BASIC_STATS
#define STATX_BASIC_STATS 0x7ffU
struct statx_timestamp {
  int64_t tv_sec;
  uint32_t tv_nsec;
  int32_t pad;
};
struct statx {
  uint32_t stx_mask, stx_blksize;
  uint64_t stx_attributes;
  uint32_t stx_nlink, stx_uid, stx_gid;
  uint16_t stx_mode, pad;
  uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
  struct statx_timestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
  uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
  uint64_t more[14];
};
#endif
