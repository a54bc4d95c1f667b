// The environment as the policy wants it: in this process, and in every program it starts.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hfoffline::shim {

// Puts `environ` right where it is not: managed variables set or removed, LD_PRELOAD and
// HFOFFLINE_POLICY in place. Changes nothing, and writes nothing, if all is well. Not for use while
// another thread edits the environment.
void repair_environment();

// What a program started with `environment` (may be null) must be given instead. Two steps, because
// the caller provides the memory: on the stack between vfork and exec, where nothing may be
// allocated.
class ExecEnvironment {
 public:
  explicit ExecEnvironment(const char* const* environment);
  // Bytes that build() needs, aligned to a pointer.
  std::size_t size() const { return size_; }
  // Writes the array and the texts that are made anew into `memory`; the rest points to the
  // caller's strings and the policy. Reports managed variables that the caller had given another
  // value.
  char** build(void* memory);

  // The same for this process itself: reports nothing, and the policy stays where it stands.
  std::size_t own_size() const { return own_size_; }
  char** build_own(void* memory);

 private:
  // Null behind the last, and where another thread has taken entries away since they were counted.
  const char* entry(std::size_t i) const {
    return i < count_ ? __atomic_load_n(&environment_[i], __ATOMIC_RELAXED) : nullptr;
  }

  enum class Purpose : std::uint8_t { kChild, kOwn };
  char** write(void* memory, Purpose purpose);

  const char* const* environment_;
  bool readable_;
  std::size_t count_ = 0;          // entries of the caller
  std::size_t array_bytes_ = 0;    // of the new array
  std::size_t preload_bytes_ = 0;  // of the new LD_PRELOAD entry, behind it
  std::size_t asan_bytes_ = 0;     // of the new ASAN_OPTIONS entry, behind that
  std::size_t own_size_ = 0;       // of all these
  std::size_t size_ = 0;           // with the entries of test and policy
};

}  // namespace hfoffline::shim
