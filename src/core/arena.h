// A bump allocator over memory that the caller owns. Nothing is freed one by one.
//
// The shim gives it an anonymous mapping while it builds a policy, the tools a vector, tests a
// small array (to see that running out is an error and not a crash). Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace hfoffline {

class Arena {
 public:
  Arena(void* memory, std::size_t size) : next_(static_cast<char*>(memory)), end_(next_ + size) {}

  // Returns zeroed memory for one T, or nullptr when the arena is full. T needs no destructor.
  template <class T>
  T* make() {
    static_assert(std::is_trivially_destructible_v<T>);
    void* memory = allocate(sizeof(T), alignof(T));
    return memory == nullptr ? nullptr : new (memory, Place{}) T{};
  }

  // Returns `size` bytes, or nullptr when the arena is full.
  void* allocate(std::size_t size, std::size_t alignment) {
    const auto address = reinterpret_cast<std::uintptr_t>(next_);
    const std::size_t padding = (alignment - address % alignment) % alignment;
    if (size > SIZE_MAX - padding || padding + size > room()) {
      exhausted_ = true;
      return nullptr;
    }
    void* result = next_ + padding;
    next_ += padding + size;
    return result;
  }

  // Copies `text` and a terminating NUL. An empty view with a null data() says the arena is full.
  std::string_view copy(std::string_view text) {
    char* memory = static_cast<char*>(allocate(text.size() + 1, 1));
    if (memory == nullptr) return {};
    for (std::size_t i = 0; i < text.size(); ++i) memory[i] = text[i];
    memory[text.size()] = '\0';
    return {memory, text.size()};
  }

  std::size_t room() const { return static_cast<std::size_t>(end_ - next_); }
  bool exhausted() const { return exhausted_; }

  // Tag for the placement new below: <new> is not needed in the freestanding shim.
  struct Place {};

 private:
  char* next_;
  char* end_;
  bool exhausted_ = false;
};

}  // namespace hfoffline

inline void* operator new(std::size_t, void* memory, hfoffline::Arena::Place) noexcept {
  return memory;
}
