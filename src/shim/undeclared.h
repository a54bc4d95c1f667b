// Functions that glibc exports and no header of it declares (entry points of fortified and of old
// programs).
#pragma once

#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

struct open_how;
struct statfs;

extern "C" {
int __open(const char* path, int flags, ...);
int __open64(const char* path, int flags, ...);
int __open_2(const char* path, int flags);
int __open64_2(const char* path, int flags);
int __openat_2(int directory, const char* path, int flags);
int __openat64_2(int directory, const char* path, int flags);
FILE* _IO_fopen(const char* path, const char* mode);
// Of a stream that libc has made and not opened yet; what fopen itself calls.
FILE* _IO_file_fopen(FILE* stream, const char* path, const char* mode, int is_32_bit);
FILE* _IO_file_open(FILE* stream, const char* path, int flags, int permissions, int read_write,
                    int is_32_bit);
// mknod of programs linked before glibc 2.33.
int __xmknod(int version, const char* path, mode_t mode, dev_t* device);
int __xmknodat(int version, int directory, const char* path, mode_t mode, dev_t* device);
FILE* __setmntent(const char* path, const char* mode);
// The names that POSIX.1-2024 gives to the _np forms.
int posix_spawn_file_actions_addchdir(posix_spawn_file_actions_t* list, const char* path) noexcept;
int posix_spawn_file_actions_addfchdir(posix_spawn_file_actions_t* list, int descriptor) noexcept;
FILE* _IO_popen(const char* command, const char* type);
FILE* _IO_proc_open(FILE* stream, const char* command, const char* type);
// stat and its kin of programs linked before glibc 2.33.
int __xstat(int version, const char* path, struct stat* status) noexcept;
int __xstat64(int version, const char* path, struct stat64* status) noexcept;
int __lxstat(int version, const char* path, struct stat* status) noexcept;
int __lxstat64(int version, const char* path, struct stat64* status) noexcept;
int __fxstatat(int version, int directory, const char* path, struct stat* status,
               int flags) noexcept;
int __fxstatat64(int version, int directory, const char* path, struct stat64* status,
                 int flags) noexcept;
char* __getcwd_chk(char* buffer, size_t size, size_t room) noexcept;
char* __getwd_chk(char* buffer, size_t room) noexcept;
char* __realpath_chk(const char* path, char* buffer, size_t room) noexcept;
ssize_t __readlink_chk(const char* path, char* buffer, size_t size, size_t room) noexcept;
ssize_t __readlinkat_chk(int directory, const char* path, char* buffer, size_t size,
                         size_t room) noexcept;
int __statfs(const char* path, struct statfs* status);
int pivot_root(const char* path, const char* old_root);
void _mcleanup() noexcept;
// Of glibc 2.36, 2.39 and 2.43.
int pidfd_spawn(int* child, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const arguments[],
                char* const environment[]);
int pidfd_spawnp(int* child, const char* file, const posix_spawn_file_actions_t* actions,
                 const posix_spawnattr_t* attributes, char* const arguments[],
                 char* const environment[]);
int pidfd_getfd(int process, int target, unsigned flags) noexcept;
int openat2(int directory, const char* path, const struct open_how* how, size_t size);
int __connect(int descriptor, const struct sockaddr* address, socklen_t length);
int __close(int descriptor);
int __dup2(int old, int descriptor);
int __sendmmsg(int descriptor, struct mmsghdr* messages, unsigned count, int flags);

// <resolv.h> declares one of each pair, by a macro, and which one depends on the version of glibc.
int res_query(const char* name, int kind, int type, unsigned char* answer, int size);
int __res_query(const char* name, int kind, int type, unsigned char* answer, int size);
int res_search(const char* name, int kind, int type, unsigned char* answer, int size);
int __res_search(const char* name, int kind, int type, unsigned char* answer, int size);
int res_querydomain(const char* name, const char* domain, int kind, int type, unsigned char* answer,
                    int size);
int __res_querydomain(const char* name, const char* domain, int kind, int type,
                      unsigned char* answer, int size);
int res_send(const unsigned char* message, int length, unsigned char* answer, int size);
int __res_send(const unsigned char* message, int length, unsigned char* answer, int size);
int res_nquery(void* state, const char* name, int kind, int type, unsigned char* answer, int size);
int __res_nquery(void* state, const char* name, int kind, int type, unsigned char* answer,
                 int size);
int res_nsearch(void* state, const char* name, int kind, int type, unsigned char* answer, int size);
int __res_nsearch(void* state, const char* name, int kind, int type, unsigned char* answer,
                  int size);
int res_nquerydomain(void* state, const char* name, const char* domain, int kind, int type,
                     unsigned char* answer, int size);
int __res_nquerydomain(void* state, const char* name, const char* domain, int kind, int type,
                       unsigned char* answer, int size);
int res_nsend(void* state, const unsigned char* message, int length, unsigned char* answer,
              int size);
struct hostent* res_gethostbyname(const char* name);
struct hostent* res_gethostbyname2(const char* name, int family);
struct hostent* res_gethostbyaddr(const void* address, socklen_t length, int family);
int __res_nsend(void* state, const unsigned char* message, int length, unsigned char* answer,
                int size);
}
