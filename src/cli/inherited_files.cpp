#include "cli/inherited_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <string>

#include "cli/message.h"
#include "cli/string_tools.h"
#include "core/path.h"

namespace hfoffline::cli {
namespace {

bool is_below_tree(const RunPlan& plan, const std::string& path) {
  for (std::size_t i = 0; i < plan.tree_count; ++i) {
    if (is_at_or_below(path, plan.trees[i].path)) return true;
  }
  return false;
}

bool writes_to_file(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  struct stat status;
  return flags >= 0 && (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_RDONLY &&
         (fcntl(descriptor, F_GETFD) & FD_CLOEXEC) == 0 && fstat(descriptor, &status) == 0 &&
         S_ISREG(status.st_mode);
}

}  // namespace

std::vector<int> writable_descriptors_in_trees(const RunPlan& plan) {
  std::vector<int> found;
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return found;
  while (const dirent* entry = readdir(directory)) {
    const int descriptor = std::atoi(entry->d_name);
    if (entry->d_name[0] == '.' || !writes_to_file(descriptor)) continue;
    char text[PATH_MAX];
    const ssize_t length = readlinkat(dirfd(directory), entry->d_name, text, sizeof(text));
    const std::string path(text, length > 0 ? static_cast<std::size_t>(length) : 0);
    if (!is_below_tree(plan, path)) continue;
    warn(cat("descriptor ", descriptor, " is open for writing on ", printable(path),
             ", below a protected tree; the command can only read it"));
    found.push_back(descriptor);
  }
  closedir(directory);
  return found;
}

}  // namespace hfoffline::cli
