#include "shim/judge_openat2.h"

#include <errno.h>
#include <fcntl.h>

#include <cstdint>
#include <string_view>

#include "core/read_only.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/judge_path.h"
#include "shim/system_call_numbers.h"

namespace hfoffline::shim {
namespace {

constexpr std::uint64_t kResolveInRoot = 0x10;
constexpr std::size_t kHowBytes = 24;

long look_up(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve) {
  const std::uint64_t how[3] = {O_PATH | O_CLOEXEC | flags, 0, resolve};
  long found = -EAGAIN;
  // A rename anywhere on the machine makes a restricted lookup fail; the kernel asks to try again.
  for (int tries = 0; found == -EAGAIN && tries < 100; ++tries) {
    found = sys::call(SYS_openat2, directory, sys::word(path), sys::word(how), sizeof(how));
  }
  return found;
}

// The same lookup of what comes before the last component, which is missing.
long look_up_parent(int directory, const char* path, std::uint64_t resolve, const char** name) {
  const std::string_view text(path);
  std::size_t start = text.size();
  while (start > 0 && path[start - 1] != '/') --start;
  *name = path + start;
  char parent[4096];
  Appender out(parent);
  out.add(start == 0 ? std::string_view(".") : slice(text, 0, start));
  if (out.room() == 0) return -ENAMETOOLONG;
  return look_up(directory, out.c_str(), O_DIRECTORY, resolve);
}

// "/" and ".." mean something else in such a path: what is judged is what the kernel finds by it.
int judge_in_root(int directory, const char* path, int flags, std::uint64_t resolve) {
  const long found = look_up(directory, path, static_cast<unsigned>(flags) & O_NOFOLLOW, resolve);
  int error = 0;
  if (found >= 0) {
    if ((flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL))
      error = judge_reopen("openat2", static_cast<int>(found), flags & ~O_NOFOLLOW);
    sys::close(static_cast<int>(found));
  } else if (found == -ENOENT && (flags & O_CREAT) != 0) {
    const char* name = nullptr;
    const long parent = look_up_parent(directory, path, resolve, &name);
    if (parent < 0) return parent == -EAGAIN ? EAGAIN : 0;
    error = judge_open("openat2", static_cast<int>(parent), name, flags);
    sys::close(static_cast<int>(parent));
  } else if (found == -EAGAIN) {
    error = EAGAIN;  // nobody knows where it leads
  }
  return error;
}

}  // namespace

bool has_usable_size(std::size_t how_bytes) {
  constexpr std::size_t kPage = 4096;
  return how_bytes >= kHowBytes && how_bytes <= kPage;
}

bool openat2_can_write(const void* how) {
  return how != nullptr &&
         open_can_write(static_cast<int>(*static_cast<const std::uint64_t*>(how)));
}

// The kernel applies its restrictions on the way (RESOLVE_BENEATH and others) before it thinks of
// writing: a lookup that fails on them is left to it.
int judge_openat2(int directory, const char* path, const void* how_bytes, std::size_t size) {
  const auto* how = static_cast<const std::uint64_t*>(how_bytes);
  if (how == nullptr || size < kHowBytes) return 0;
  const auto flags = static_cast<int>(how[0]);
  const std::uint64_t resolve = how[2];
  if (!open_can_write(flags) || path == nullptr) return 0;
  if ((resolve & kResolveInRoot) != 0) return judge_in_root(directory, path, flags, resolve);
  if (resolve != 0) {
    const long found = look_up(directory, path, how[0] & O_NOFOLLOW, resolve);
    if (found >= 0) sys::close(static_cast<int>(found));
    if (found == -EAGAIN) return EAGAIN;
    if (found < 0 && found != -ENOENT) return 0;
  }
  return judge_open("openat2", directory, path, flags);
}

}  // namespace hfoffline::shim
