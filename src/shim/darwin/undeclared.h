// Functions that libSystem exports and that the headers of our compiler do not declare, or declare
// under another name's symbol.
#pragma once

#include <copyfile.h>
#include <stdio.h>
#include <sys/attr.h>
#include <sys/fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>

// What programs call that were compiled not to be cancelled. A name with a dollar is one that
// clang takes as it is.
extern "C" {
int open$NOCANCEL(const char* path, int flags, ...);
int openat$NOCANCEL(int directory, const char* path, int flags, ...);
int creat$NOCANCEL(const char* path, mode_t mode);
int connect$NOCANCEL(int descriptor, const struct sockaddr* address, socklen_t length);
ssize_t sendto$NOCANCEL(int descriptor, const void* data, size_t size, int flags,
                        const struct sockaddr* address, socklen_t length);
ssize_t sendmsg$NOCANCEL(int descriptor, const struct msghdr* message, int flags);
int system$NOCANCEL(const char* command);
// fopen of programs that want no limit on their streams. On arm64 it may be a second name of fopen,
// and of two pairs for one function the second would lead to the first: our own calls, too.
FILE* fopen$DARWIN_EXTSN(const char* path, const char* mode);
// What <stdio.h> makes of popen for programs that are not content with POSIX.
FILE* popen$DARWIN_EXTSN(const char* command, const char* mode);

int guarded_open_np(const char* path, const std::uint64_t* guard, unsigned guard_flags, int flags,
                    ...);
int guarded_open_dprotected_np(const char* path, const std::uint64_t* guard, unsigned guard_flags,
                               int flags, int protection, int protection_flags, ...);

// Many messages at a time: struct msghdr with one member more.
struct msghdr_x {
  void* msg_name;
  socklen_t msg_namelen;
  struct iovec* msg_iov;
  int msg_iovlen;
  void* msg_control;
  socklen_t msg_controllen;
  int msg_flags;
  size_t msg_datalen;
};
ssize_t sendmsg_x(int descriptor, const struct msghdr_x* messages, unsigned count, int flags);

typedef struct _acl* hfoffline_acl;
int acl_set_file(const char* path, int type, hfoffline_acl acl);
int acl_set_link_np(const char* path, int type, hfoffline_acl acl);
int acl_set_fd(int descriptor, hfoffline_acl acl);
int acl_set_fd_np(int descriptor, hfoffline_acl acl, int type);

// <sys/xattr.h>
int setxattr(const char* path, const char* name, const void* value, size_t size,
             std::uint32_t position, int options);
int fsetxattr(int descriptor, const char* name, const void* value, size_t size,
              std::uint32_t position, int options);
int removexattr(const char* path, const char* name, int options);
int fremovexattr(int descriptor, const char* name, int options);

int removefile(const char* path, void* state, std::uint32_t flags);
int removefileat(int directory, const char* path, void* state, std::uint32_t flags);

int res_query(const char* name, int kind, int type, unsigned char* answer, int size);
int res_search(const char* name, int kind, int type, unsigned char* answer, int size);

// <dns_sd.h>. The callbacks are only passed on.
std::int32_t DNSServiceGetAddrInfo(void** service, std::uint32_t flags, std::uint32_t interface,
                                   std::uint32_t protocol, const char* name, void (*callback)(),
                                   void* context);
std::int32_t DNSServiceQueryRecord(void** service, std::uint32_t flags, std::uint32_t interface,
                                   const char* name, std::uint16_t type, std::uint16_t kind,
                                   void (*callback)(), void* context);
}
