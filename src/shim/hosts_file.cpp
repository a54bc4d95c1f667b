#include "shim/hosts_file.h"

#include <sys/socket.h>

#include "core/address.h"
#include "core/hash.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/next_symbol.h"
#include "shim/word_file.h"

namespace hfoffline::shim {
namespace {

constexpr char kHostsFile[] = "/etc/hosts";

// Which names the file may have, as a Bloom filter with one hash: a name that cannot be in it costs
// one system call. Written by any thread; `stamp` is 0 while the bits do not belong together.
struct Filter {
  std::uint64_t stamp;
  std::uint64_t bits[16];
};
Filter filter;

std::size_t filter_bit(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(ascii_lower(c))) * 16777619U;
  return (hash ^ (hash >> 16)) % (sizeof(filter.bits) * 8);
}

// Changes whenever the file does: inode, size and time of its last change in nanoseconds.
std::uint64_t stamp_of_file() {
#if defined(__APPLE__)
  sys::Stat status;
  if (sys::stat(kHostsFile, &status) != 0) return 1;
  const std::uint64_t facts[4] = {status.ino, status.size,
                                  static_cast<std::uint64_t>(status.modify_seconds),
                                  static_cast<std::uint64_t>(status.modify_nanoseconds)};
#else
  sys::StatxBuffer status;
  if (sys::call(SYS_statx, sys::kCurrentDirectory, sys::word(kHostsFile), 0, 0x7ff,
                sys::word(&status)) != 0)
    return 1;
  const std::uint64_t facts[4] = {status.inode, status.size,
                                  static_cast<std::uint64_t>(status.modify.seconds),
                                  status.modify.nanoseconds};
#endif
  return hash_bytes(2, facts, sizeof(facts)) | 1;
}

void fill_filter(std::uint64_t stamp) {
  std::uint64_t bits[16] = {};
  WordFile file(kHostsFile);
  if (!file.is_open()) return;  // for want of a free descriptor, perhaps: next time
  while (file.next_line()) {
    file.next_word();
    for (std::string_view word = file.next_word(); !word.empty(); word = file.next_word()) {
      const std::size_t bit = filter_bit(word);
      bits[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
  }
  // A file that is being rewritten while it is read gets another stamp, so these bits are not used
  // for it.
  __atomic_store_n(&filter.stamp, 0, __ATOMIC_SEQ_CST);
  for (int i = 0; i < 16; ++i) __atomic_store_n(&filter.bits[i], bits[i], __ATOMIC_RELAXED);
  __atomic_store_n(&filter.stamp, stamp, __ATOMIC_RELEASE);
}

// Lookups that the file has answered, as one word each that also holds its stamp: localhost,
// mostly.
std::uint64_t answered[8];

std::uint64_t fingerprint(std::string_view name, int family, std::uint64_t stamp) {
  char lower[256];
  Appender text(lower);
  const bool any_case = libc_is_glibc();
  for (const char c : name) text.add_byte(any_case ? ascii_lower(c) : c);
  return hash_bytes(stamp + static_cast<std::uint64_t>(family), lower, text.size()) | 1;
}

bool filter_excludes(std::string_view name, std::uint64_t stamp) {
  if (__atomic_load_n(&filter.stamp, __ATOMIC_ACQUIRE) != stamp) fill_filter(stamp);
  const std::size_t bit = filter_bit(name);
  const std::uint64_t word = __atomic_load_n(&filter.bits[bit / 64], __ATOMIC_ACQUIRE);
  return (word >> (bit % 64) & 1) == 0 && __atomic_load_n(&filter.stamp, __ATOMIC_ACQUIRE) == stamp;
}

bool family_fits(const IpAddress& address, int family) {
  return family == AF_UNSPEC || (family == AF_INET) == address.is_v4();
}

// musl finds a name only as the file spells it, and asks a name server for any other spelling.
bool is_spelled_as(std::string_view word, std::string_view name) {
  return libc_is_glibc() ? equals_ignoring_case(word, name) : word == name;
}

bool read_for_name(std::string_view name, int family) {
  WordFile file(kHostsFile);
  while (file.next_line()) {
    IpAddress address;
    if (!parse_address(file.next_word(), &address) || !family_fits(address, family)) continue;
    for (std::string_view word = file.next_word(); !word.empty(); word = file.next_word()) {
      if (is_spelled_as(word, name)) return true;
    }
  }
  return false;
}

}  // namespace

bool hosts_file_has_name(std::string_view name, int family) {
  const std::uint64_t stamp = stamp_of_file();
  if (name.size() > 255 || filter_excludes(name, stamp)) return false;
  const std::uint64_t print = fingerprint(name, family, stamp);
  std::uint64_t& slot = answered[(print >> 8) % (sizeof(answered) / sizeof(answered[0]))];
  if (__atomic_load_n(&slot, __ATOMIC_RELAXED) == print) return true;
  if (!read_for_name(name, family)) return false;
  __atomic_store_n(&slot, print, __ATOMIC_RELAXED);
  return true;
}

bool hosts_file_has_address(int family, const void* address) {
  if (family != AF_INET && family != AF_INET6) return false;
  const IpAddress wanted = family == AF_INET ? address_from_v4(address) : address_from_v6(address);
  WordFile file(kHostsFile);
  while (file.next_line()) {
    IpAddress found;
    if (parse_address(file.next_word(), &found) && found == wanted) return true;
  }
  return false;
}

}  // namespace hfoffline::shim
