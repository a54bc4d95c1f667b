#include "shim/exec_memory.h"

namespace hfoffline::shim {

// By thread pointer, which a vfork child shares with the thread that made it. While the child lives
// that thread is suspended: whoever runs with the pointer and is not the task that holds the
// mapping comes after that task's exec or exit.
struct RememberedMapping {
  std::uintptr_t owner;  // thread pointer and purpose; 0: free
  std::uint32_t holder;  // task; 0: nobody
  void* memory;
  std::size_t size;
};

namespace {

// As many threads as may vfork with a large environment before a mapping can be lost for good.
constexpr std::size_t kRemembered = 64;
RememberedMapping remembered_mappings[2 * kRemembered];

std::uintptr_t thread_pointer() {
#if defined(__APPLE__)
  return reinterpret_cast<std::uintptr_t>(::pthread_self());
#else
  std::uintptr_t pointer = 0;
#if defined(__x86_64__)
  __asm__("mov %%fs:0, %0" : "=r"(pointer));
#elif defined(__aarch64__)
  __asm__("mrs %0, tpidr_el0" : "=r"(pointer));
#endif
  return pointer;
#endif
}

RememberedMapping* find_remembered(std::uintptr_t owner) {
  for (RememberedMapping& mapping : remembered_mappings) {
    std::uintptr_t seen = __atomic_load_n(&mapping.owner, __ATOMIC_ACQUIRE);
    if (seen == 0 && __atomic_compare_exchange_n(&mapping.owner, &seen, owner, false,
                                                 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
      return &mapping;
    }
    if (seen == owner) return &mapping;
  }
  return nullptr;
}

void* map(std::size_t size) {
  const long memory = sys::mmap(size, 3 /* read, write */, 0x22 /* private, anonymous */, -1);
  return sys::failed(memory) ? nullptr : reinterpret_cast<void*>(memory);
}

}  // namespace

ExecMapping::ExecMapping(std::size_t size, Purpose purpose) {
  if (size == 0) return;
  size_ = size;
  const auto task = static_cast<std::uint32_t>(sys::gettid());
  RememberedMapping* mapping = find_remembered(thread_pointer() + purpose);
  // In a signal handler that interrupted this very thread here, or its parent: one for itself.
  if (mapping == nullptr || mapping->holder == task ||
      mapping->holder == static_cast<std::uint32_t>(sys::getppid())) {
    memory_ = map(size);
    return;
  }
  mapping->holder = task;
  remembered_ = mapping;
  if (mapping->memory != nullptr && mapping->size < size) {
    sys::munmap(mapping->memory, mapping->size);
    mapping->memory = nullptr;
  }
  if (mapping->memory == nullptr) {
    mapping->memory = map(size);
    mapping->size = size;
  }
  memory_ = mapping->memory;
  if (memory_ == nullptr) mapping->holder = 0;
}

void ExecMapping::release() {
  if (remembered_ == nullptr) {
    sys::munmap(memory_, size_);
    return;
  }
  sys::munmap(remembered_->memory, remembered_->size);
  remembered_->memory = nullptr;
  __atomic_store_n(&remembered_->holder, 0, __ATOMIC_RELEASE);
}

}  // namespace hfoffline::shim
