// build_scene BASE OWNER: makes the scene of scene.h in the existing directory BASE.
#include <stdio.h>
#include <stdlib.h>

#include "probe.h"
#include "scene.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s BASE OWNER\n", argv[0]);
    return 2;
  }
  scene_init(argv[1], (unsigned)atoi(argv[2]));
  int result = scene_restore();
  if (result == 0) return 0;
  fprintf(stderr, "cannot make the scene in %s: %s\n", argv[1], errno_name(-result));
  return 2;
}
