/* Tries to change a protected tree in every way that needs no descriptor, first with descriptors to
 * spare and then with none, and says where the two answers differ.
 *
 *   without_descriptors MODELS OUTSIDE
 *
 * MODELS holds file, directory/file and deep/.../file; OUTSIDE holds file and links into MODELS. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
  const char* what;
  int at; /* an open directory, AT_FDCWD, or -1: it could not be opened */
  const char* path;
};

static int try_operation(int operation, const struct place* place) {
  const struct timespec times[2] = {{1, 0}, {1, 0}};
  switch (operation) {
    case 0:
      return fchmodat(place->at, place->path, 0644, 0);
    case 1:
      return utimensat(place->at, place->path, times, 0);
    case 2:
      return renameat(place->at, place->path, place->at, place->path);
    case 3:
      return unlinkat(place->at, place->path, 0);
    case 4:
      return unlinkat(place->at, place->path, AT_REMOVEDIR);
    case 5:
      return mkdirat(place->at, place->path, 0700);
    case 6:
      return faccessat(place->at, place->path, W_OK, 0);
    default:
      return place->at == AT_FDCWD ? truncate(place->path, 5) : 0;
  }
}
static const char* const operations[] = {"fchmodat", "utimensat", "renameat", "unlinkat",
                                         "rmdir",    "mkdirat",   "access",   "truncate"};
#define OPERATIONS ((int)(sizeof(operations) / sizeof(operations[0])))

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const char* models = argv[1];
  const char* outside = argv[2];
  char text[16][4096];
  snprintf(text[0], 4096, "%s/file", models);
  snprintf(text[1], 4096, "%s/file", outside);
  snprintf(text[2], 4096, "%s/link-to-file", outside);
  snprintf(text[3], 4096, "%s/link-to-directory/file", outside);
  snprintf(text[4], 4096, "%s/link-to-link", outside);
  snprintf(text[5], 4096, "%s/directory/../directory/./file", models);
  snprintf(text[6], 4096, "%s/directory/..", models);
  snprintf(text[7], 4096, "%s/missing", models);
  snprintf(text[8], 4096, "%s/missing/file", models);
  snprintf(text[9], 4096, "/proc/self/cwd/file");
  snprintf(text[10], 4096, "%s/link-to-deep/file", outside);
  if (chdir(models) != 0) return 2;
  int tree = open(models, O_PATH | O_DIRECTORY);
  int directory = open("directory", O_RDONLY | O_DIRECTORY);
  int file = open("file", O_RDONLY);
  int elsewhere = open(outside, O_RDONLY | O_DIRECTORY);
  snprintf(text[11], 4096, "/proc/self/fd/%d", file);
  snprintf(text[12], 4096, "/proc/self/fd/%d/file", directory);
  const struct place places[] = {
      {"file in the tree", AT_FDCWD, text[0]},
      {"file outside", AT_FDCWD, text[1]},
      {"link to a file", AT_FDCWD, text[2]},
      {"through a link to a directory", AT_FDCWD, text[3]},
      {"link to a link", AT_FDCWD, text[4]},
      {"dots", AT_FDCWD, text[5]},
      {"the tree by ..", AT_FDCWD, text[6]},
      {"missing", AT_FDCWD, text[7]},
      {"below missing", AT_FDCWD, text[8]},
      {"through /proc/self/cwd", AT_FDCWD, text[9]},
      {"deep", AT_FDCWD, text[10]},
      {"descriptor of a file", AT_FDCWD, text[11]},
      {"through a descriptor's link", AT_FDCWD, text[12]},
      {"relative", AT_FDCWD, "file"},
      {"relative, below", AT_FDCWD, "directory/file"},
      {"the tree itself", AT_FDCWD, models},
      {"from a descriptor", directory, "file"},
      {"from a descriptor, up", directory, "../file"},
      {"from the tree's descriptor", tree, "file"},
      {"from a descriptor outside", elsewhere, "link-to-file"},
      {"from a descriptor outside, link to a link", elsewhere, "link-to-link"},
  };
  const int count = (int)(sizeof(places) / sizeof(places[0]));
  int answers[64][OPERATIONS];
  int refused = 0;
  int passed = 0;
  int wrong = 0;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < count; ++i) {
      for (int operation = 0; operation < OPERATIONS; ++operation) {
        /* What would really change or remove the file outside. */
        const int harmless = operation < 2 || operation == 2 || operation > 5;
        if (!harmless && i == 1) continue;
        if ((operation == 3 || operation == 2) && (strstr(places[i].path, "link-to") != NULL))
          continue;
        errno = 0;
        const int error = try_operation(operation, &places[i]) == 0 ? 0 : errno;
        if (round == 0) answers[i][operation] = error;
        if (round == 1 && answers[i][operation] != error) {
          printf("%s, %s: %s with descriptors, ", operations[operation], places[i].what,
                 strerror(answers[i][operation]));
          printf("%s without\n", strerror(error));
          ++wrong;
        }
        refused += round == 1 && error == EROFS;
        passed += round == 1 && error == 0;
      }
    }
    struct rlimit limit = {(rlim_t)elsewhere + 1, (rlim_t)elsewhere + 1};
    setrlimit(RLIMIT_NOFILE, &limit);
    if (open("/", O_RDONLY) != -1 || errno != EMFILE) return 2;
  }
  char check[64];
  snprintf(check, sizeof(check), "%d differ, %s refused, %s passed", wrong,
           refused > 60 ? "many" : "few", passed > 2 ? "some" : "none");
  /* Starting a program needs none of ours, either. */
  for (int number = 3; number <= elsewhere; ++number) fcntl(number, F_SETFD, FD_CLOEXEC);
  execl("/bin/echo", "echo", check, NULL);
  return 3;
}
