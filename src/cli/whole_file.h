// Files that are read and written as a whole.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace hfoffline::cli {

// Both return 0 or an errno. `flags`: further ones of open(2).
int read_whole(const std::string& path, std::string& bytes, int flags = 0);
// Beside the target first, then in its place: a process that is starting never sees half a file,
// and one that runs from the old file goes on with it. The mode is what is asked for, whatever the
// umask.
int replace_whole(const std::string& path, std::string_view bytes, mode_t mode);

}  // namespace hfoffline::cli
