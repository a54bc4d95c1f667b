#include "shim/refusal_table.h"

#include "core/sys.h"
#include "shim/start_data.h"

namespace hfoffline::shim {
namespace {

constexpr std::size_t kEntries = 16384;
constexpr std::size_t kWindow = 64;  // how far from its place an entry may lie
constexpr std::size_t kChunkBytes = 65536;

// Only the pages that are used cost memory. They are zero again in a forked child
// (MADV_WIPEONFORK): another process counts from the start.
struct Table {
  std::int64_t process;  // whose it is; 0 at first, and again in a forked child
  RefusalEntry entries[kEntries];
  std::uint64_t said[kEntries];
};
START_DATA Table* table;

// Where lines are kept, one behind the other. A child goes on in its copy of its parent's.
struct Chunk {
  std::size_t used;
  char bytes[kChunkBytes - sizeof(std::size_t)];
};
Chunk* chunk;

void* map_pages(std::size_t size) {
  const long memory = sys::mmap(size, 3 /* read, write */, 0x22 /* private, anonymous */, -1);
  return sys::failed(memory) ? nullptr : reinterpret_cast<void*>(memory);
}

// Puts `fresh` at `*place` if nobody was quicker. Returns what is there.
template <class T>
T* publish(T** place, T* expected, T* fresh) {
  if (__atomic_compare_exchange_n(place, &expected, fresh, false, __ATOMIC_ACQ_REL,
                                  __ATOMIC_ACQUIRE)) {
    return fresh;
  }
  sys::munmap(fresh, sizeof(T));
  return expected;
}

Table* the_table(bool create) {
  Table* found = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
#if defined(__APPLE__)
  // No pages are wiped there: a forked child makes a table of its own.
  const std::int64_t owner =
      found == nullptr ? 0 : __atomic_load_n(&found->process, __ATOMIC_RELAXED);
  const bool is_own = found != nullptr && (owner == 0 || owner == sys::getpid());
#else
  const bool is_own = found != nullptr;
#endif
  if (is_own || !create) return is_own ? found : nullptr;
  auto* fresh = static_cast<Table*>(map_pages(sizeof(Table)));
  if (fresh == nullptr) return nullptr;
#if !defined(__APPLE__)
  constexpr int kWipeOnFork = 18;
  sys::call(SYS_madvise, sys::word(fresh), sizeof(Table), kWipeOnFork);
#endif
  return publish(&table, found, fresh);
}

// True if the place holds `key` now: it did, or it was free and may be taken.
bool holds(std::uint64_t* place, std::uint64_t key, bool create, bool* is_new) {
  std::uint64_t seen = __atomic_load_n(place, __ATOMIC_ACQUIRE);
  if (seen == 0 && create &&
      __atomic_compare_exchange_n(place, &seen, key, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    *is_new = true;
    return true;
  }
  return seen == key;
}

char* allocate(std::size_t size) {
  for (;;) {
    Chunk* current = __atomic_load_n(&chunk, __ATOMIC_ACQUIRE);
    if (current != nullptr) {
      const std::size_t at = __atomic_fetch_add(&current->used, size, __ATOMIC_RELAXED);
      if (at + size <= sizeof(current->bytes)) return current->bytes + at;
    }
    auto* fresh = static_cast<Chunk*>(map_pages(sizeof(Chunk)));
    if (fresh == nullptr) return nullptr;
    publish(&chunk, current, fresh);
  }
}

}  // namespace

RefusalEntry* find_refusal(std::uint64_t key, bool create) {
  Table* all = the_table(create);
  if (all == nullptr) return nullptr;
  if (create && __atomic_load_n(&all->process, __ATOMIC_RELAXED) == 0)
    __atomic_store_n(&all->process, sys::getpid(), __ATOMIC_RELAXED);
  bool is_new = false;
  for (std::size_t i = 0; i < kWindow; ++i) {
    RefusalEntry& entry = all->entries[(key + i) % kEntries];
    if (holds(&entry.key, key, create, &is_new)) return &entry;
    if (__atomic_load_n(&entry.key, __ATOMIC_RELAXED) == 0) return nullptr;
  }
  return nullptr;
}

void keep_refusal_line(RefusalEntry& entry, std::string_view line) {
  char* place = allocate(line.size());
  if (place == nullptr) return;
  __builtin_memcpy(place, line.data(), line.size());
  entry.line = place;
  entry.length = static_cast<std::uint32_t>(line.size());
}

bool is_first_of(std::uint64_t key, bool* full) {
  *full = false;
  Table* all = the_table(true);
  bool is_new = false;
  if (key == 0) key = 1;
  for (std::size_t i = 0; all != nullptr && i < kWindow; ++i) {
    if (holds(&all->said[(key + i) % kEntries], key, true, &is_new)) return is_new;
  }
  *full = true;
  return false;
}

bool refusals_are_own() {
  const Table* all = the_table(false);
  return all != nullptr && __atomic_load_n(&all->process, __ATOMIC_RELAXED) == sys::getpid();
}

RefusalEntry* next_refusal(std::size_t* position) {
  Table* all = the_table(false);
  while (all != nullptr && *position < kEntries) {
    RefusalEntry& entry = all->entries[(*position)++];
    if (__atomic_load_n(&entry.ready, __ATOMIC_ACQUIRE) != 0) return &entry;
  }
  return nullptr;
}

}  // namespace hfoffline::shim
