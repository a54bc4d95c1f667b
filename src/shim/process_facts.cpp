#include "shim/process_facts.h"

#include "core/sys.h"
#include "core/text.h"

namespace hfoffline::shim {

std::string_view executable_path(char* buffer, std::size_t size) {
  const long length = sys::readlinkat(sys::kCurrentDirectory, "/proc/self/exe", buffer, size);
  return length > 0 ? std::string_view(buffer, static_cast<std::size_t>(length))
                    : std::string_view();
}

std::string_view first_argument(char* buffer, std::size_t size) {
  const long descriptor = sys::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  const long length = sys::read(static_cast<int>(descriptor), buffer, size);
  sys::close(static_cast<int>(descriptor));
  const std::string_view text(buffer, length > 0 ? static_cast<std::size_t>(length) : 0);
  const std::size_t end = find_byte(text, '\0');
  return end == std::string_view::npos ? text : slice(text, 0, end);
}

}  // namespace hfoffline::shim
