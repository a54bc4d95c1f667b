// A test that leaks and does not tell: the error is swallowed.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

inline void try_to_leave() {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(443);
  inet_pton(AF_INET, "192.0.2.1", &address.sin_addr);
  const int number = socket(AF_INET, SOCK_STREAM, 0);
  static_cast<void>(connect(number, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  close(number);
}
