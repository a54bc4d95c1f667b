// Receives descriptors over the Unix socket that its argument names, in the ways that the senders
// expect, and says what can be done with each: by recvmsg, by recvmmsg, by the numbers of both, in
// turn.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void describe(int descriptor) {
  char text[16] = "";
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0) {
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    printf("socket %d, %s", type,
           getpeername(descriptor, (struct sockaddr*)&peer, &length) == 0 ? "connected"
                                                                          : "not connected");
  } else {
    ssize_t got = read(descriptor, text, sizeof text - 1);
    ssize_t put = write(descriptor, "X", 1);
    printf("read %zd, write %s", got, put == 1 ? "done" : strerrorname_np(errno));
  }
  printf(", flags %x, close-on-exec %d\n", fcntl(descriptor, F_GETFL) & (O_APPEND | O_NONBLOCK),
         fcntl(descriptor, F_GETFD));
  close(descriptor);
}

int main(int count, char** words) {
  if (count != 2) return 2;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, words[1], sizeof address.sun_path - 1);
  int from = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  if (connect(from, (struct sockaddr*)&address, sizeof address) != 0) return 3;
  for (int way = 0;; way = (way + 1) % 4) {
    char byte, control[CMSG_SPACE(8 * sizeof(int))];
    struct iovec piece = {&byte, 1};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &piece,
                                          .msg_iovlen = 1,
                                          .msg_control = control,
                                          .msg_controllen = sizeof control}};
    long got = 0;
    if (way == 0)
      got = recvmsg(from, &message.msg_hdr, MSG_CMSG_CLOEXEC);
    else if (way == 1)
      got = recvmmsg(from, &message, 1, 0, NULL) == 1 ? (long)message.msg_len : -1;
    else if (way == 2)
      got = syscall(SYS_recvmsg, from, &message.msg_hdr, 0);
    else
      got = syscall(SYS_recvmmsg, from, &message, 1, 0, NULL) == 1 ? (long)message.msg_len : -1;
    if (got <= 0) return got < 0 ? 4 : 0;
    struct cmsghdr* rights = CMSG_FIRSTHDR(&message.msg_hdr);
    if (rights == NULL || rights->cmsg_type != SCM_RIGHTS) return 5;
    size_t held = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < held; i++) {
      int descriptor;
      memcpy(&descriptor, CMSG_DATA(rights) + i * sizeof(int), sizeof descriptor);
      describe(descriptor);
    }
  }
}
