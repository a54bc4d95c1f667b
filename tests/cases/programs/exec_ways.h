/* Every way in which a C program starts another one. */
#ifndef EXEC_WAYS_H
#define EXEC_WAYS_H

enum way {
  WAY_EXECVE,
  WAY_EXECV,
  WAY_EXECVP,
  WAY_EXECVPE,
  WAY_EXECL,
  WAY_EXECLP,
  WAY_EXECLE,
  WAY_EXECVEAT,
  WAY_EXECVEAT_DESCRIPTOR,
  WAY_FEXECVE,
  WAY_SYSCALL_EXECVE,
  WAY_SYSCALL_EXECVEAT,
  WAY_POSIX_SPAWN,
  WAY_POSIX_SPAWNP,
  WAY_SYSTEM,
  WAY_POPEN,
  WAY_COUNT
};

extern const char* const way_names[WAY_COUNT];

/* Starts `file` (a path, or a name for the ways that search PATH) with at most five arguments and
 * this environment; the ways that take no environment get it as `environ`. Ways that replace the
 * process return only if they fail, with errno set. The others wait for the child, copy what it
 * printed to stdout, and return its status: 0 is success; on failure -1 with errno set. */
int start_program(enum way way, const char* file, char** arguments, char** environment);

#endif
