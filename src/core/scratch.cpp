#include "core/scratch.h"

#include <errno.h>
#include <sys/stat.h>

#include "core/path.h"
#include "core/sys.h"
#include "core/text.h"

namespace hfoffline {
namespace {

constexpr std::size_t kMaximumPathBytes = 4096;

int fail(ScratchFailure& failure, int error, std::string_view why, std::string_view path) {
  failure.error = error;
  failure.why = why;
  Appender(failure.path).add(path).c_str();
  return error;
}

// The scratch directory itself may be in a place everybody can write to, such as /tmp, where
// somebody else could have made it, or a link in its place, before us.
int make_private_directory(const char* path, ScratchFailure& failure) {
  const long made = sys::mkdir(path, 0700);
  if (made < 0 && made != -EEXIST)
    return fail(failure, static_cast<int>(-made), "cannot be made", path);
  sys::Stat status;
  const long looked = sys::fstatat(sys::kCurrentDirectory, path, &status, sys::kNoFollow);
  if (looked < 0) return fail(failure, static_cast<int>(-looked), "cannot be looked at", path);
  if (S_ISLNK(status.mode)) return fail(failure, ELOOP, "is a symbolic link", path);
  if (!S_ISDIR(status.mode)) return fail(failure, ENOTDIR, "is not a directory", path);
  if (status.uid != static_cast<std::uint32_t>(sys::geteuid()))
    return fail(failure, EPERM, "belongs to another user", path);
  if ((status.mode & 022) != 0) return fail(failure, EACCES, "can be written by other users", path);
  return 0;
}

// Makes every directory of `path` beyond its first `existing` bytes. Modifies `path` on the way.
int make_directories(char* path, std::size_t existing, ScratchFailure& failure) {
  for (std::size_t end = existing + 1;; ++end) {
    const char here = path[end];
    if (here != '/' && here != '\0') continue;
    path[end] = '\0';
    const long made = sys::mkdir(path, 0700);
    if (made < 0 && made != -EEXIST)
      return fail(failure, static_cast<int>(-made), "cannot be made", path);
    if (made == -EEXIST && !is_directory(path))
      return fail(failure, ENOTDIR, "is not a directory", path);
    path[end] = here;
    if (here == '\0' || path[end + 1] == '\0') return 0;
  }
}

int link_hub(std::string_view scratch_dir, std::string_view models_dir, ScratchFailure& failure) {
  char path[kMaximumPathBytes];
  Appender text(path);
  text.add(scratch_dir).add_byte('/').add(kScratchHfHome);
  const std::size_t home_size = text.size();
  text.add("/hub");
  char target[kMaximumPathBytes];
  Appender target_text(target);
  target_text.add(models_dir);
  if (text.room() == 0 || target_text.room() == 0)
    return fail(failure, ENAMETOOLONG, "is too long", scratch_dir);
  text.c_str();
  target_text.c_str();

  path[home_size] = '\0';
  if (make_directories(path, scratch_dir.size(), failure) != 0) return failure.error;
  path[home_size] = '/';
  const long linked = sys::symlink(target, path);
  if (linked == 0) return 0;
  if (linked != -EEXIST) return fail(failure, static_cast<int>(-linked), "cannot be made", path);
  char present[kMaximumPathBytes];
  const long size = sys::readlinkat(sys::kCurrentDirectory, path, present, sizeof(present));
  if (size < 0) return fail(failure, EEXIST, "is in the way", path);
  if (std::string_view(present, static_cast<std::size_t>(size)) != models_dir)
    return fail(failure, EEXIST, "leads to another models dir", path);
  return 0;
}

}  // namespace

ScratchFailure prepare_scratch(const EnvironmentPlan& plan, std::string_view scratch_dir,
                               std::string_view models_dir, Layout layout) {
  ScratchFailure failure;
  while (scratch_dir.size() > 1 && scratch_dir.back() == '/') scratch_dir.remove_suffix(1);
  if (scratch_dir.empty()) return failure;
  bool any = false;
  bool home = false;
  for (std::size_t i = 0; i < plan.count; ++i) {
    any = any || plan.variables[i].scratch;
    home = home || (plan.variables[i].name == "HF_HOME" &&
                    is_at_or_below(plan.variables[i].value, scratch_dir));
  }
  home = home && !models_dir.empty() && layout != Layout::kHfHome;
  if (!any && !home) return failure;

  if (!models_dir.empty() && is_at_or_below(scratch_dir, models_dir)) {
    fail(failure, EROFS, "is inside the models dir, where nobody may write", scratch_dir);
    return failure;
  }
  char path[kMaximumPathBytes];
  Appender text(path);
  text.add(scratch_dir);
  if (text.room() == 0) {
    fail(failure, ENAMETOOLONG, "is too long", scratch_dir);
    return failure;
  }
  if (make_private_directory(text.c_str(), failure) != 0) return failure;
  if (home) link_hub(scratch_dir, models_dir, failure);
  return failure;
}

}  // namespace hfoffline
