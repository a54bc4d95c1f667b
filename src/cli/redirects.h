// [cache] redirect: paths that programs hard-code lead to others. By read-only bind mounts in a
// mount namespace of the run, which is exact, since the kernel does it, and holds programs that the
// shim cannot enter, too; or by the shim in each process, where no such namespace may be made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hfoffline::cli {

enum class RedirectWay { kMount, kInProcess };
// By the setting redirect_way; "auto" is tried out in a child process.
RedirectWay choose_redirect_way(std::string_view setting);
std::string_view redirect_way_name(RedirectWay way);  // "mount", "in-process"

class Redirects {
 public:
  struct Pair {
    std::string from;
    std::string to;
  };

  Redirects() = default;
  ~Redirects() { undo(); }
  Redirects(const Redirects&) = delete;
  Redirects& operator=(const Redirects&) = delete;

  // One "FROM=TO" of the settings; `home` may be null. False: `*problem` says what is wrong with
  // it.
  bool add(std::string_view text, const char* home, std::string* problem);

  // Moves this process, which must have one thread, into namespaces of its own and mounts all of
  // them. What FROM names and is not there is made first: a mount needs a place. False: `*problem`
  // says why that cannot be here, and nothing is mounted.
  bool mount(std::string* problem);

  // Makes what FROM names where it is not there, as far as that can be done, so that it is seen in
  // its directory; for redirects that are done in each process.
  void make_places();

  // Unmounts, and removes what was made for it.
  void undo();

  const std::vector<Pair>& pairs() const { return pairs_; }

 private:
  bool make_place(const Pair& pair, std::string* problem);
  bool mount_one(const Pair& pair, int target, std::string* problem);

  std::vector<Pair> pairs_;
  std::vector<std::string> mounted_;
  std::vector<std::string> made_;
};

}  // namespace hfoffline::cli
