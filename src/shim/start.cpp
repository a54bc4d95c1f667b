// Start and end of a process. Nothing elsewhere depends on this having run: other libraries'
// constructors come first.
#include <unistd.h>

#include "core/settings.h"
#include "core/sys.h"
#include "shim/managed_environment.h"
#include "shim/message.h"
#include "shim/next_symbol.h"
#include "shim/policy_source.h"
#include "shim/refusal.h"

namespace hfoffline::shim {
namespace {

// Tells the launcher that its child is inside: one byte into the pipe that HFOFFLINE_CHECKIN names.
void check_in() {
  const char* text = find_in_environment(environ, "HFOFFLINE_CHECKIN");
  std::uint64_t descriptor = 0;
  if (text == nullptr || !parse_decimal(text, 1 << 20, &descriptor)) return;
  sys::write(static_cast<int>(descriptor), "1", 1);
  sys::close(static_cast<int>(descriptor));
}

__attribute__((constructor)) void start() {
  remember_stderr();
  find_next_objects();
  policy();
  check_in();
  repair_environment();
}

__attribute__((destructor)) void end() { flush_counts_at_end(); }

}  // namespace
}  // namespace hfoffline::shim
