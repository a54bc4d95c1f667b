#include "shim/judge_inside_libc.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>

#include "core/settings.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/judge_path.h"

namespace hfoffline::shim {
namespace {

constexpr unsigned kSystemAdministration = 21;  // CAP_SYS_ADMIN
constexpr unsigned kProcessAccounting = 20;     // CAP_SYS_PACCT

bool has_capability(unsigned capability) {
  struct {
    std::uint32_t version;
    int process;
  } header = {0x20080522, 0};
  struct {
    std::uint32_t effective, permitted, inheritable;
  } sets[2] = {};
  return sys::call(SYS_capget, sys::word(&header), sys::word(sets)) == 0 &&
         (sets[0].effective >> capability & 1) != 0;
}

}  // namespace

int judge_accounting(const char* operation, const char* path) {
  return has_capability(kProcessAccounting)
             ? judge_open(operation, AT_FDCWD, path, O_WRONLY | O_APPEND)
             : 0;
}

int judge_swap(const char* operation, const char* path) {
  return has_capability(kSystemAdministration) ? judge_open(operation, AT_FDCWD, path, O_RDWR) : 0;
}

int judge_profile(const char* operation) {
  constexpr int kFlags = O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW;
  if (const char* prefix = find_in_environment(environ, "GMON_OUT_PREFIX")) {
    char name[4096];
    Appender text(name);
    text.add(prefix).add_byte('.').add_number(static_cast<std::uint64_t>(sys::getpid())).c_str();
    if (const int error = judge_open(operation, AT_FDCWD, name, kFlags)) return error;
  }
  return judge_open(operation, AT_FDCWD, "gmon.out", kFlags);
}

}  // namespace hfoffline::shim
