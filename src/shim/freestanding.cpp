// The functions the compiler may call by itself. Hidden, so that the shim needs nothing of the libc
// for them and calls no other library's version before the loader has finished.
//
// Byte loops are not turned back into calls of themselves: -fno-tree-loop-distribute-patterns.
#include <cstddef>
#include <cstdint>

extern "C" {

__attribute__((visibility("hidden"))) void* memcpy(void* target, const void* source,
                                                   std::size_t size) {
  auto* to = static_cast<unsigned char*>(target);
  const auto* from = static_cast<const unsigned char*>(source);
  if (size >= 8) {
    std::uint64_t chunk;
    const auto* last = from + size - 8;
    auto* to_last = to + size - 8;
    for (; from < last; to += 8, from += 8) {
      __builtin_memcpy(&chunk, from, 8);
      __builtin_memcpy(to, &chunk, 8);
    }
    // The rest, with some of what came before it.
    __builtin_memcpy(&chunk, last, 8);
    __builtin_memcpy(to_last, &chunk, 8);
    return target;
  }
  for (; size != 0; --size) *to++ = *from++;
  return target;
}

__attribute__((visibility("hidden"))) void* memmove(void* target, const void* source,
                                                    std::size_t size) {
  auto* to = static_cast<unsigned char*>(target);
  const auto* from = static_cast<const unsigned char*>(source);
  if (to <= from || to >= from + size) {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  } else {
    for (std::size_t i = size; i != 0; --i) to[i - 1] = from[i - 1];
  }
  return target;
}

__attribute__((visibility("hidden"))) void* memset(void* target, int value, std::size_t size) {
  auto* to = static_cast<unsigned char*>(target);
  for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<unsigned char>(value);
  return target;
}

__attribute__((visibility("hidden"))) int memcmp(const void* first, const void* second,
                                                 std::size_t size) {
  const auto* a = static_cast<const unsigned char*>(first);
  const auto* b = static_cast<const unsigned char*>(second);
  for (; size >= 8; size -= 8, a += 8, b += 8) {
    std::uint64_t x;
    std::uint64_t y;
    __builtin_memcpy(&x, a, 8);
    __builtin_memcpy(&y, b, 8);
    // The first byte is the lowest on both architectures, and counts most.
    if (x != y) return __builtin_bswap64(x) < __builtin_bswap64(y) ? -1 : 1;
  }
  for (; size != 0; --size, ++a, ++b) {
    if (*a != *b) return *a < *b ? -1 : 1;
  }
  return 0;
}

__attribute__((visibility("hidden"))) std::size_t strlen(const char* text) {
  std::size_t length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

}  // extern "C"
