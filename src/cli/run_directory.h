// The private directories of one run, and what is in them.
//
// Counters and, when nobody asked for a file, the record go to memory (/dev/shm), since making and
// removing a directory and a file on a disk costs more than everything else the launcher does.
// Scratch space may become large and may hold code; it goes where temporary files go.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "core/run_state.h"

namespace hfoffline::cli {

// Removes the directories with everything in them when it goes out of scope. A launcher that was
// killed cannot: what it left in /dev/shm, and the scratch that belongs to it, is removed by a
// later run of the same user.
class RunDirectory {
 public:
  RunDirectory() = default;
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  // Makes hfoffline-run-PID-XXXXXX (0700; root's can be entered by others) with the counters in the
  // first of /dev/shm, $TMPDIR, /tmp and /var/tmp that works, and chooses names for scratch() and a
  // place for the shim in the first of $TMPDIR, /tmp, /var/tmp and /dev/shm that can be written;
  // never inside one of `trees` (canonical paths). Returns false and fills `problem` if there is no
  // place.
  bool create(const Context& context, std::span<const std::string> trees, std::string* problem);

  // A directory that prepare_scratch makes if the run needs one.
  std::string scratch() const { return base_ + "-scratch"; }
  // A directory for a link to the shim or a copy of it; create_place_for_shim() makes it and
  // returns 0 or an errno.
  std::string place_for_shim() const { return base_ + "-shim"; }
  int create_place_for_shim();

  std::string record() const { return path_ + "/record" + token_ + ".jsonl"; }
  std::string run_state_file() const { return path_ + "/run-state" + token_; }

  // Shared with the processes of the run; valid until remove().
  RunState& state() { return *state_; }

  // Returns "" or what is left behind and why. Called by the destructor too, which has nobody to
  // tell.
  std::string remove();

 private:
  int create_in(std::string_view parent);
  int open_to_other_users();

  std::string path_;
  std::string token_;  // part of the names in it, where other users may enter
  std::string base_;   // of the names where temporary files go
  bool has_place_for_shim_ = false;
  int lock_ = -1;  // of the directory: held for as long as this process lives
  RunState* state_ = nullptr;
};

// Without symbolic links, "." and ".."; `path` itself if it cannot be resolved.
std::string canonical_path(const std::string& path);

// A directory and everything below it; mode bits that are in the way are changed, symbolic links
// are not followed. Returns 0 or an errno.
int remove_tree(const std::string& path);

}  // namespace hfoffline::cli
