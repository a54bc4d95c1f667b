#include "shim/process_facts.h"

#include <crt_externs.h>
#include <mach-o/dyld.h>

#include "core/text.h"

namespace hfoffline::shim {

std::string_view executable_path(char* buffer, std::size_t size) {
  auto room = static_cast<std::uint32_t>(size);
  return ::_NSGetExecutablePath(buffer, &room) == 0 ? std::string_view(buffer) : std::string_view();
}

std::string_view first_argument(char* buffer, std::size_t size) {
  char** arguments = *::_NSGetArgv();
  if (arguments == nullptr || arguments[0] == nullptr) return {};
  Appender text(buffer, size);
  return text.add(arguments[0]).view();
}

}  // namespace hfoffline::shim
