#include "shim/redirect.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>

#include "core/path.h"
#include "core/redirect.h"
#include "core/settings.h"
#include "core/sys.h"
#include "shim/descriptor_link.h"

namespace hfoffline::shim {
namespace {

constexpr std::size_t kPathBytes = 4096;

// Where relative paths start, as the kernel calls it. Empty if it cannot be told.
std::string_view base_of(int directory, char (&memory)[kPathBytes]) {
  long length;
  if (directory == AT_FDCWD) {
    length = sys::call(SYS_getcwd, sys::word(memory), sizeof(memory)) - 1;
  } else {
    length = sys::readlinkat(AT_FDCWD, DescriptorLink(directory).text, memory, sizeof(memory));
  }
  return length > 0 && memory[0] == '/' ? std::string_view(memory, static_cast<std::size_t>(length))
                                        : std::string_view();
}

// Where a relative path leads from there. From inside what a redirect leads to, the kernel knows
// the way itself, but for "..", which leads to what the program takes for the directory above.
__attribute__((noinline)) bool append_from_base(int directory, std::string_view path,
                                                Appender& out) {
  char memory[kPathBytes];
  char joined[2 * kPathBytes];
  const std::string_view base = base_of(directory, memory);
  if (base.empty()) return false;
  Appender text(joined);
  const bool inside =
      directory == AT_FDCWD && directory_is_redirected() && append_known_name(policy(), base, text);
  if (inside && !has_parent_component(path)) return false;
  if (!inside) text.add(base);
  text.add_byte('/').add(path);
  if (text.overflowed()) return false;
  if (append_redirected(policy(), text.view(), out)) return true;
  if (!inside) return false;
  append_plain_path(text.view(), out);
  return true;
}

bool append_target(int directory, const char* path, Appender& out) {
  const std::string_view text(path);
  if (text.empty()) return false;
  if (text.front() == '/') return append_redirected(policy(), text, out);
  return may_reach_redirect(policy(), text) && append_from_base(directory, text, out);
}

// Whether $PWD names the working directory by a redirected name: what a shell leaves to those it
// starts.
bool named_by_environment() {
  const char* name = find_in_environment(environ, "PWD");
  if (name == nullptr || name[0] != '/') return false;
  char target[kPathBytes];
  Appender out(target);
  sys::Stat named;
  sys::Stat here;
  return append_redirected(policy(), name, out) && !out.overflowed() &&
         sys::stat(out.c_str(), &named) == 0 && sys::stat(".", &here) == 0 &&
         sys::id_of(named) == sys::id_of(here);
}

// By process, since a vfork child shares this memory and not the directory. Process and answer in
// one word.
constexpr std::size_t kProcesses = 16;
std::uint64_t known_directories[kProcesses];

std::uint64_t* entry_of(std::uint64_t process) { return &known_directories[process % kProcesses]; }
// -1: not known.
int known_state(long process) {
  const std::uint64_t entry =
      __atomic_load_n(entry_of(static_cast<std::uint64_t>(process)), __ATOMIC_RELAXED);
  return entry >> 1 == static_cast<std::uint64_t>(process) ? static_cast<int>(entry & 1) : -1;
}

}  // namespace

bool directory_is_redirected() {
  int known = known_state(sys::getpid());
  if (known < 0) known = known_state(sys::getppid());
  return known < 0 ? named_by_environment() : known != 0;
}

void note_directory_change(bool is_redirected) {
  const auto process = static_cast<std::uint64_t>(sys::getpid());
  __atomic_store_n(entry_of(process), process << 1 | (is_redirected ? 1 : 0), __ATOMIC_RELAXED);
}

void note_directory_changed_to(const char* path, bool was_redirected) {
  // A relative path goes on from where it was; whether that is still inside is asked when it
  // counts.
  if (was_redirected || path[0] == '/') note_directory_change(was_redirected);
}

std::size_t redirected_bytes(int directory, const char* path) {
  if (path == nullptr || !is_text(path) || !is_readable_path(path)) return 0;
  const std::size_t given = bytes_of_text(path);
  if (given > kPathBytes) return 0;
  // A relative path may become an absolute one.
  const std::size_t room =
      given + redirect_growth(policy()) + (path[0] == '/' ? 0 : kPathBytes) + 2;
  Appender out(static_cast<char*>(__builtin_alloca(room)), room);
  return append_target(directory, path, out) && !out.overflowed() ? out.size() + 1 : 0;
}

char* write_redirected(int directory, const char* path, void* memory, std::size_t bytes) {
  // While it is made it may be longer than it is in the end.
  const std::size_t room =
      bytes_of_text(path) + redirect_growth(policy()) + (path[0] == '/' ? 0 : kPathBytes) + 2;
  Appender made(static_cast<char*>(__builtin_alloca(room)), room);
  Appender out(static_cast<char*>(memory), bytes);
  if (append_target(directory, path, made)) out.add(made.view());
  out.c_str();
  return static_cast<char*>(memory);
}

bool is_target(std::string_view path) {
  for (std::size_t i = 0; i < policy().redirect_count(); ++i) {
    if (is_at_or_below(path, policy().text(policy().redirect(i).to))) return true;
  }
  return false;
}

long known_link(const char* path, char* buffer, std::size_t size, long length) {
  constexpr std::string_view kProc = "/proc/";
  if (length <= 0 || !std::string_view(path).starts_with(kProc)) return length;
  const bool is_directory = std::string_view(path).ends_with("/cwd");
  if (is_directory && !directory_is_redirected()) return length;
  char name[kPathBytes];
  Appender known(name);
  if (!append_known_name(policy(), {buffer, static_cast<std::size_t>(length)}, known))
    return length;
  const std::size_t used = known.size() < size ? known.size() : size;
  __builtin_memcpy(buffer, name, used);
  return static_cast<long>(used);
}

long known_directory(char* buffer, std::size_t size, long length) {
  char name[kPathBytes];
  Appender known(name);
  if (!append_known_name(policy(), {buffer, static_cast<std::size_t>(length - 1)}, known))
    return length;
  if (known.room() == 0 || known.size() >= size) {
    errno = ERANGE;
    return -1;
  }
  __builtin_memcpy(buffer, known.c_str(), known.size() + 1);
  return static_cast<long>(known.size() + 1);
}

bool append_known_place(std::string_view place, Appender& out) {
  return append_known_name(policy(), place, out);
}

}  // namespace hfoffline::shim
