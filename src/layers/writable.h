// Who may put something into a directory.
#pragma once

#include <string>

namespace hfoffline::layers {

// Whether this process may make a file in the directory; where it is missing, whether it could be
// made. For root that is nearly everything but read-only mounts.
bool is_writable_here(const std::string& directory);

// Whether somebody other than root may: by its mode, as its owner, or as this process where it is
// not root's. It is what can be asked of a directory of core, which root may always write to.
bool is_writable_by_others(const std::string& directory);

}  // namespace hfoffline::layers
