/* The public header in C99, as a program that is linked with nothing of ours. Prints what it was
 * told. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hfoffline/hfoffline.h"

static const char* or_none(const char* text) { return text == NULL ? "none" : text; }

int main(void) {
  /* Refused where it is made in a run, and closed again elsewhere: sends nothing. */
  const int packet_socket = socket(AF_PACKET, SOCK_RAW, 0);
  if (packet_socket >= 0) close(packet_socket);
  hfoffline_tag_test("header");
  printf("%d %s %s %d %d %d\n", hfoffline_is_active(), or_none(hfoffline_version_or_null()),
         or_none(hfoffline_models_dir_or_null()), (int)hfoffline_refusals(HFOFFLINE_EGRESS),
         (int)hfoffline_run_refusals(HFOFFLINE_EGRESS),
         (int)hfoffline_refusals((enum hfoffline_kind)99));
  return 0;
}
