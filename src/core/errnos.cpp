#include "core/errnos.h"

#include <errno.h>

namespace hfoffline {
namespace {

struct ErrnoRow {
  std::string_view name;
  int number;
  bool configurable;
};
constexpr ErrnoRow kErrnos[] = {
#define ERRNO(name, may_be_configured) {#name, name, may_be_configured},
#include "core/errnos.def"
#undef ERRNO
};

}  // namespace

std::string_view errno_name(int number) {
  for (const ErrnoRow& row : kErrnos) {
    if (row.number == number) return row.name;
  }
  return {};
}

bool configurable_errno(std::string_view name, int* number) {
  for (const ErrnoRow& row : kErrnos) {
    if (row.configurable && row.name == name) {
      *number = row.number;
      return true;
    }
  }
  return false;
}

}  // namespace hfoffline
