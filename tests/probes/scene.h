// The files the probes work on: a protected tree, a sibling made alike, and a directory outside
// both.
//
//   BASE/tree    the protected tree
//   BASE/treeX   the same entries; its name begins with the tree's name, and it must stay writable
//   BASE/out     links that lead from outside into both, and files to link to
//
// All work is done with raw system calls. Nothing here is thread-safe.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { kProbeTime = 1234567890 };  // what the utime probes set; scene_check names it

// Sets where the scene is and who owns it (uid and gid alike). `base` must outlive the scene.
void scene_init(const char* base, unsigned owner);

// Makes the scene, or puts back what a probe changed. Returns 0, or a negative errno for what could
// not be made (a device node without the privilege to make one is left out silently).
int scene_restore(void);

// Writes what differs from a fresh scene, as " +created -removed ~changed:how", or an empty text.
// Returns the number of differences.
int scene_check(char* text, size_t size);

// Whether an entry such as "tree/null" exists.
int scene_has(const char* name);
