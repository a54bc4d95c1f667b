// What this process was refused so far: a count for each target, and the line that told it first.
//
// Async-signal-safe; takes no lock, allocates pages and never gives them back; keeps errno.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hfoffline::shim {

// One refusal target of this process. Its line is kept, so that a later count can be written
// without its facts.
struct RefusalEntry {
  std::uint64_t key;  // 0: free
  std::uint64_t count;
  std::uint64_t written;  // the count in the last line
  const char* line;       // up to its count
  std::uint32_t length;   // of `line`; 0: it is not written again
  std::uint32_t ready;    // 1: `line` may be read
};

// Of a key's entry; it is made if `create`. Nullptr: there is none, or no room for one.
RefusalEntry* find_refusal(std::uint64_t key, bool create);

// Keeps a copy of `line`; without memory for it, the entry has none.
void keep_refusal_line(RefusalEntry& entry, std::string_view line);

// Whether this is the first time that `key` is seen, for what is said once. `*full`: there is no
// room to remember it.
bool is_first_of(std::uint64_t key, bool* full);

// Whether the table is this process's: a vfork child shares its parent's, which goes on counting.
bool refusals_are_own();

// The entries from `*position` on that have something to read; nullptr at the end.
RefusalEntry* next_refusal(std::size_t* position);

}  // namespace hfoffline::shim
