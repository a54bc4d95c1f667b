/* Calls the kernel by number with an address that another thread changes all the time, and counts
 * how often a socket ended up at an address outside.
 *
 *   flipped_address TIMES [family]   with "family", the address is always outside and says by turns
 * that it is none of the internet's; connect() is called */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct sockaddr_in address = {.sin_family = AF_INET};
static int flips_family;
static int done;

static void* flip(void* unused) {
  const in_addr_t inside = inet_addr("127.0.0.1");
  const in_addr_t outside = inet_addr("192.0.2.1");
  while (flips_family && __atomic_load_n(&done, __ATOMIC_RELAXED) == 0) {
    __atomic_store_n(&address.sin_family, AF_UNIX, __ATOMIC_RELAXED);
    for (volatile int i = 0; i < 50; ++i) continue;
    __atomic_store_n(&address.sin_family, AF_INET, __ATOMIC_RELAXED);
    for (volatile int i = 0; i < 50; ++i) continue;
  }
  while (__atomic_load_n(&done, __ATOMIC_RELAXED) == 0) {
    __atomic_store_n(&address.sin_addr.s_addr, outside, __ATOMIC_RELAXED);
    for (volatile int i = 0; i < 50; ++i) continue;
    __atomic_store_n(&address.sin_addr.s_addr, inside, __ATOMIC_RELAXED);
    for (volatile int i = 0; i < 50; ++i) continue;
  }
  return unused;
}

int main(int argc, char** argv) {
  pthread_t flipper;
  int times = argc > 1 ? atoi(argv[1]) : 1;
  int inside = 0, outside = 0, refused = 0;
  address.sin_port = htons(9);
  flips_family = argc > 2;
  address.sin_addr.s_addr = inet_addr(flips_family ? "192.0.2.1" : "127.0.0.1");
  pthread_create(&flipper, NULL, flip, NULL);
  int number = socket(AF_INET, SOCK_DGRAM, 0);
  for (int i = 0; i < times; ++i) {
    if (flips_family ? connect(number, (struct sockaddr*)&address, sizeof(address)) != 0
                     : syscall(SYS_connect, number, &address, sizeof(address)) != 0) {
      ++refused;
      continue;
    }
    struct sockaddr_in peer;
    socklen_t size = sizeof(peer);
    if (getpeername(number, (struct sockaddr*)&peer, &size) != 0) return 1;
    ++*(peer.sin_addr.s_addr == inet_addr("127.0.0.1") ? &inside : &outside);
  }
  __atomic_store_n(&done, 1, __ATOMIC_RELAXED);
  pthread_join(flipper, NULL);
  printf("inside %s, outside %d, refused %s\n", inside == 0 ? "never" : "often", outside,
         refused == 0 ? "never" : "often");
  return 0;
}
