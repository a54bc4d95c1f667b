#include "cli/standard_output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/exit_codes.h"
#include "cli/message.h"
#include "cli/string_tools.h"

namespace hfoffline::cli {

int print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(STDOUT_FILENO, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      error(cat("stdout cannot be written: ", std::strerror(errno)));
      return kOurFailure;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return kSuccess;
}

}  // namespace hfoffline::cli
