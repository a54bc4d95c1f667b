// The hash of DT_HASH, by which an ELF file's symbols are found (System V gABI, "Hash Table").
#pragma once

#include <cstdint>

namespace hfoffline {

inline std::uint32_t sysv_hash_of(const char* name) {
  std::uint32_t hash = 0;
  for (; *name != '\0'; ++name) {
    hash = (hash << 4) + static_cast<unsigned char>(*name);
    const std::uint32_t high = hash & 0xf0000000;
    hash = (hash ^ (high >> 24)) & ~high;
  }
  return hash;
}

}  // namespace hfoffline
