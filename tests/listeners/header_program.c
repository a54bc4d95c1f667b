/* The public header in C99, as a program that is linked with nothing of ours. Prints what it was
 * told. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hfoffline/hfoffline.h"

static const char* or_none(const char* text) { return text == NULL ? "none" : text; }

static const char* error_name(int error) {
  return error == 0 ? "ok" : error == EPERM ? "EPERM" : error == EINVAL ? "EINVAL" : "?";
}

int main(void) {
  /* Refused where it is made in a run, and closed again elsewhere: sends nothing. */
  const int packet_socket = socket(AF_PACKET, SOCK_RAW, 0);
  if (packet_socket >= 0) close(packet_socket);
  hfoffline_tag_test("header");
  const int allowed = hfoffline_allow_in_test("header", "192.0.2.1:443");
  const int wrong = hfoffline_allow_in_test("header", "https://192.0.2.1");
  hfoffline_end_test("header");
  printf("%d %s %s %d %d %d %s %s %s %s\n", hfoffline_is_active(),
         or_none(hfoffline_version_or_null()), or_none(hfoffline_models_dir_or_null()),
         (int)hfoffline_refusals(HFOFFLINE_EGRESS), (int)hfoffline_run_refusals(HFOFFLINE_EGRESS),
         (int)hfoffline_refusals((enum hfoffline_kind)99), or_none(hfoffline_run_or_null()),
         or_none(hfoffline_record_file_or_null()), error_name(allowed), error_name(wrong));
  return 0;
}
