// What the listener programs do in their tests. Nothing here sends anything, with or without the
// shim: a packet socket is refused when it is made, and is closed again where it is not.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "hfoffline/hfoffline.h"

// Whether the call went as it should: refused in a run, not refused by the shim without it.
inline bool packet_socket_as_expected() {
  errno = 0;
  const int socket_descriptor = socket(AF_PACKET, SOCK_RAW, 0);
  const int error = errno;
  if (socket_descriptor >= 0) close(socket_descriptor);
  return hfoffline_is_active() ? error == EAFNOSUPPORT || error == ENETUNREACH || error == EPERM
                               : socket_descriptor >= 0 || error == EPERM;
}

inline bool write_as_expected() {
  const char* models_dir = hfoffline_models_dir_or_null();
  const std::string path = std::string(models_dir == nullptr ? "/tmp" : models_dir) +
                           "/hfoffline-listener-test." + std::to_string(getpid());
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  const int error = errno;
  if (descriptor >= 0) {
    close(descriptor);
    unlink(path.c_str());
  }
  return hfoffline_is_active() ? descriptor < 0 && error == EROFS : descriptor >= 0;
}

// The same write by a program that the test starts.
inline bool child_write_as_expected() {
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c",
          ": 2>/dev/null >\"${HFOFFLINE_MODELS_DIR:-/nonexistent}/from-child\"",
          static_cast<char*>(nullptr));
    _exit(0);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && status != 0;
}
