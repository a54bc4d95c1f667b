#include "shim/search_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "core/sys.h"
#include "core/text.h"

namespace hfoffline::shim {
namespace {

// What libc searches where PATH is not set.
#if defined(__APPLE__)
constexpr std::string_view kDefaultPath = "/usr/bin:/bin:/usr/sbin:/sbin";
#else
constexpr std::string_view kDefaultPath = "/bin:/usr/bin";
#endif

}  // namespace

bool find_in_path(const char* file, const char* search_path, char* found, unsigned long size) {
  const std::string_view name(file);
  Appender out(found, size);
  if (find_byte(name, '/') != std::string_view::npos) {
    out.add(name).c_str();
    return !out.overflowed();
  }
  std::string_view rest = search_path != nullptr ? std::string_view(search_path) : kDefaultPath;
  for (;;) {
    std::size_t length = find_byte(rest, ':');
    if (length == std::string_view::npos) length = rest.size();
    const std::string_view directory = slice(rest, 0, length);
    out = Appender(found, size);
    if (!directory.empty()) out.add(directory).add_byte('/');
    out.add(name).c_str();
    sys::Stat status;
    if (!out.overflowed() && sys::faccessat(AT_FDCWD, found, X_OK, 0) == 0 &&
        sys::stat(found, &status) == 0 && S_ISREG(status.mode)) {
      return true;
    }
    if (length == rest.size()) return false;
    rest.remove_prefix(length + 1);
  }
}

}  // namespace hfoffline::shim
