#include "layers/loader_cache.h"

#include <cstring>
#include <optional>

namespace hfoffline::layers {
namespace {

// glibc, sysdeps/generic/dl-cache.h.
constexpr std::string_view kOldMagic = "ld.so-1.7.0";
constexpr std::string_view kMagic = "glibc-ld.so.cache1.1";
struct Header {
  char magic[20];
  std::uint32_t count;
  std::uint32_t string_bytes;
  std::uint8_t flags;
  std::uint8_t padding[3];
  std::uint32_t extension_offset;
  std::uint32_t unused[3];
};
static_assert(sizeof(Header) == 48);
struct Entry {
  std::int32_t flags;
  std::uint32_t key;
  std::uint32_t value;
  std::uint32_t os_version;
  std::uint64_t hardware;
};
static_assert(sizeof(Entry) == 24);
struct OldHeader {
  char magic[12];
  std::uint32_t count;
};
constexpr std::size_t kOldEntryBytes = 12;

#if defined(__x86_64__)
constexpr std::int32_t kFlags = 0x0303;  // FLAG_X8664_LIB64 | FLAG_ELF_LIBC6
#else
constexpr std::int32_t kFlags = 0x0a03;  // FLAG_AARCH64_LIB64 | FLAG_ELF_LIBC6
#endif

// In `hardware`: the lower 32 bits are an index into the extension's list of subdirectories.
constexpr std::uint64_t kSubdirectoryMark = std::uint64_t{1} << 62;
constexpr std::uint32_t kExtensionMagic = 0xeaa42174;
constexpr std::uint32_t kSubdirectoriesTag = 1;

template <class T>
std::optional<T> take(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

std::string text_at(std::string_view bytes, std::uint64_t offset) {
  if (offset >= bytes.size()) return "";
  const std::string_view rest = bytes.substr(offset);
  const std::size_t end = rest.find('\0');
  return end == rest.npos ? "" : std::string(rest.substr(0, end));
}

std::vector<std::string> read_subdirectories(std::string_view bytes, std::uint32_t extension) {
  std::vector<std::string> names;
  if (extension == 0 || take<std::uint32_t>(bytes, extension) != kExtensionMagic) return names;
  const std::uint32_t count = take<std::uint32_t>(bytes, extension + 4ull).value_or(0);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t section = extension + 8ull + i * 16;
    const auto tag = take<std::uint32_t>(bytes, section);
    const auto offset = take<std::uint32_t>(bytes, section + 8);
    const auto size = take<std::uint32_t>(bytes, section + 12);
    if (!tag || !offset || !size) break;
    if (*tag != kSubdirectoriesTag) continue;
    for (std::uint64_t at = *offset; at + 4 <= std::uint64_t{*offset} + *size; at += 4) {
      const auto text = take<std::uint32_t>(bytes, at);
      if (!text) break;
      names.push_back(text_at(bytes, *text));
    }
  }
  return names;
}

}  // namespace

LoaderCache parse_loader_cache(std::string_view bytes) {
  LoaderCache cache;
  // Older ldconfigs put the new format behind one for libc5, aligned to eight bytes.
  if (bytes.substr(0, kOldMagic.size()) == kOldMagic) {
    const auto old = take<OldHeader>(bytes, 0);
    if (!old) return cache;
    const std::uint64_t start =
        (sizeof(OldHeader) + old->count * std::uint64_t{kOldEntryBytes} + 7) / 8 * 8;
    if (start > bytes.size()) return cache;
    bytes.remove_prefix(start);
  }
  const auto header = take<Header>(bytes, 0);
  if (!header || bytes.substr(0, kMagic.size()) != kMagic) return cache;
  const std::vector<std::string> subdirectories =
      read_subdirectories(bytes, header->extension_offset);
  for (std::uint64_t i = 0; i < header->count; ++i) {
    const auto entry = take<Entry>(bytes, sizeof(Header) + i * sizeof(Entry));
    if (!entry) break;
    if (entry->flags != kFlags) continue;
    LoaderCacheEntry result;
    if (entry->hardware != 0) {
      const std::uint64_t index = entry->hardware & 0xffffffff;
      if ((entry->hardware & kSubdirectoryMark) == 0 || index >= subdirectories.size()) continue;
      result.subdirectory = subdirectories[index];
    }
    std::string name = text_at(bytes, entry->key);
    result.path = text_at(bytes, entry->value);
    if (!name.empty() && !result.path.empty()) cache[std::move(name)].push_back(std::move(result));
  }
  return cache;
}

}  // namespace hfoffline::layers
