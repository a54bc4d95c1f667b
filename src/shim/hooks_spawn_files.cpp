// What a spawned child opens before its program starts: libc does that in the child, where no hook
// is passed, so it is judged when it is asked for.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>

#include <cstddef>
#include <cstdint>

#include "core/read_only.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/caller_path.h"
#include "shim/descriptor_link.h"
#include "shim/interpose.h"
#include "shim/judge_path.h"
#include "shim/redirect.h"
#include "shim/refusal.h"
#include "shim/undeclared.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

// Where the child will be, for the few lists of actions that change the directory. Who has no place
// here, or whose directory cannot be told, opens nothing relative for writing.
constexpr std::size_t kLists = 64;
constexpr std::size_t kPathBytes = 4096;
std::uintptr_t lists[kLists];
// Apart from the lists, so that a search touches one page.
struct Place {
  char directory[kPathBytes];  // "" if nobody can tell
};
Place places[kLists];
std::uint32_t some_have_none;

Place* place_of(std::uintptr_t list) {
  for (std::size_t i = 0; i < kLists; ++i) {
    if (__atomic_load_n(&lists[i], __ATOMIC_ACQUIRE) == list) return &places[i];
  }
  return nullptr;
}

Place* new_place(std::uintptr_t list) {
  for (std::size_t i = 0; i < kLists; ++i) {
    std::uintptr_t nobody = 0;
    if (__atomic_compare_exchange_n(&lists[i], &nobody, list, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED)) {
      places[i].directory[0] = '\0';
      return &places[i];
    }
  }
  __atomic_store_n(&some_have_none, 1, __ATOMIC_RELAXED);
  return nullptr;
}

std::uintptr_t number_of(const posix_spawn_file_actions_t* list) {
  return reinterpret_cast<std::uintptr_t>(list);
}

void forget(const posix_spawn_file_actions_t* list) {
  if (const Place* place = place_of(number_of(list))) {
    __atomic_store_n(&lists[place - places], 0, __ATOMIC_RELEASE);
  }
}

void note_directory(const posix_spawn_file_actions_t* list, const char* path) {
  Place* place = place_of(number_of(list));
  const bool follows_another = place != nullptr && path[0] != '/';
  if (place == nullptr) place = new_place(number_of(list));
  if (place == nullptr || (follows_another && place->directory[0] == '\0')) return;
  const std::size_t kept = follows_another ? std::string_view(place->directory).size() : 0;
  Appender text(place->directory + kept, kPathBytes - kept);
  if (follows_another) text.add_byte('/');
  text.add(path).c_str();
  if (text.overflowed()) place->directory[0] = '\0';
}

void note_descriptor(const posix_spawn_file_actions_t* list, int descriptor) {
  char text[kPathBytes];
  const long length =
      sys::readlinkat(AT_FDCWD, DescriptorLink(descriptor).text, text, sizeof(text) - 1);
  text[length > 0 ? length : 0] = '\0';
  // "/" first, so that nothing known before it counts.
  note_directory(list, length > 0 ? text : "/");
  if (length <= 0) {
    if (Place* place = place_of(number_of(list))) place->directory[0] = '\0';
  }
}

// Only what a read-only tree alone says: a file that is missing now may be there when the child
// starts.
int only_read_only(int error) { return error == EROFS ? error : 0; }

constexpr const char* kOperation = "posix_spawn_file_actions_addopen";

// Said, since the path itself may be quite innocent.
int refuse_where_unknown(const char* path) {
  Refusal refusal;
  refusal.reason = Reason::protected_tree;
  refusal.operation = kOperation;
  refusal.target = path;
  refusal.error = EROFS;
  refusal.rule = "relative to a directory that cannot be told";
  report(refusal);
  return EROFS;
}

__attribute__((noinline)) int judge_below(const char* directory, const char* path, int flags) {
  char text[2 * kPathBytes];
  Appender joined(text);
  joined.add(directory).add_byte('/').add(path).c_str();
  if (joined.overflowed()) return refuse_where_unknown(path);
  return only_read_only(judge_open(kOperation, AT_FDCWD, text, flags));
}

int judge_action(const posix_spawn_file_actions_t* list, const char* path, int flags) {
  if (path == nullptr) return 0;
  const Place* place = path[0] == '/' ? nullptr : place_of(number_of(list));
  if (place != nullptr) {
    return place->directory[0] == '\0' ? refuse_where_unknown(path)
                                       : judge_below(place->directory, path, flags);
  }
  if (path[0] != '/' && __atomic_load_n(&some_have_none, __ATOMIC_RELAXED) != 0)
    return refuse_where_unknown(path);
  return only_read_only(judge_open(kOperation, AT_FDCWD, path, flags));
}

}  // namespace

INTERPOSE(int, posix_spawn_file_actions_init, (posix_spawn_file_actions_t * list)) {
  forget(list);
  return NEXT(posix_spawn_file_actions_init)(list);
}

INTERPOSE(int, posix_spawn_file_actions_destroy, (posix_spawn_file_actions_t * list)) {
  forget(list);
  return NEXT(posix_spawn_file_actions_destroy)(list);
}

// These return the error itself.
INTERPOSE(int, posix_spawn_file_actions_addopen,
          (posix_spawn_file_actions_t * list, int descriptor, const char* path, int flags,
           mode_t mode)) {
  if (open_can_write(flags) && has_protected_trees()) {
    COPY_TEXT(path);  // libc itself reads it now
    REDIRECT(path);
    if (const int error = judge_action(list, path, flags)) return error;
  }
  if (!open_can_write(flags)) REDIRECT(path);
  return NEXT(posix_spawn_file_actions_addopen)(list, descriptor, path, flags, mode);
}

#define INTERPOSE_ADDCHDIR(name)                                                            \
  INTERPOSE(int, name, (posix_spawn_file_actions_t * list, const char* path)) {             \
    COPY_TEXT(path);                                                                        \
    REDIRECT(path);                                                                         \
    const int error = NEXT(name)(list, path);                                               \
    if (error == 0 && path != nullptr && has_protected_trees()) note_directory(list, path); \
    return error;                                                                           \
  }
#define INTERPOSE_ADDFCHDIR(name)                                               \
  INTERPOSE(int, name, (posix_spawn_file_actions_t * list, int descriptor)) {   \
    const int error = NEXT(name)(list, descriptor);                             \
    if (error == 0 && has_protected_trees()) note_descriptor(list, descriptor); \
    return error;                                                               \
  }

INTERPOSE_ADDCHDIR(posix_spawn_file_actions_addchdir_np)
INTERPOSE_ADDCHDIR(posix_spawn_file_actions_addchdir)
INTERPOSE_ADDFCHDIR(posix_spawn_file_actions_addfchdir_np)
INTERPOSE_ADDFCHDIR(posix_spawn_file_actions_addfchdir)
