// A quick hash for tables in memory: not stable over versions, no defence against chosen keys.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hfoffline {

inline std::uint64_t hash_bytes(std::uint64_t seed, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint64_t hash = seed;
  for (; size >= 8; size -= 8, bytes += 8) {
    std::uint64_t chunk;
    __builtin_memcpy(&chunk, bytes, 8);
    hash = (hash ^ chunk) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  }
  // Two overlapping halves, where there are as many bytes.
  std::uint64_t rest = size;
  if (size >= 4) {
    std::uint32_t first;
    std::uint32_t last;
    __builtin_memcpy(&first, bytes, 4);
    __builtin_memcpy(&last, bytes + size - 4, 4);
    hash = (hash ^ first) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
    rest = rest << 32 | last;
  } else {
    for (; size != 0; --size) rest = rest << 8 | *bytes++;
  }
  hash = (hash ^ rest) * 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 32);
}

}  // namespace hfoffline
