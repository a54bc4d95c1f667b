#include "core/suggest.h"

#include "core/text.h"

namespace hfoffline {
namespace {

// Longer than any key, flag, command or preset; it bounds the rows that edit_distance keeps on the
// stack.
constexpr std::size_t kMaximumLength = 64;

char folded(char c) { return c == '_' ? '-' : ascii_lower(c); }

bool share_a_byte(std::string_view a, std::string_view b) {
  for (const char c : a) {
    for (const char d : b) {
      if (folded(c) == folded(d)) return true;
    }
  }
  return false;
}

std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  if (a.size() > kMaximumLength || b.size() > kMaximumLength) {
    return a.size() > b.size() ? a.size() : b.size();
  }
  std::size_t rows[3][kMaximumLength + 1];
  std::size_t* before_last = rows[0];
  std::size_t* last = rows[1];
  std::size_t* current = rows[2];
  for (std::size_t j = 0; j <= b.size(); ++j) current[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t* const oldest = before_last;
    before_last = last;
    last = current;
    current = oldest;
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = folded(a[i - 1]) == folded(b[j - 1]);
      current[j] = smaller(smaller(last[j], current[j - 1]) + 1, last[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
          folded(a[i - 2]) == folded(b[j - 1])) {
        current[j] = smaller(current[j], before_last[j - 2] + 1);
      }
    }
  }
  return current[b.size()];
}

void Suggestion::offer(std::string_view candidate) {
  const std::size_t distance = edit_distance(typed_, candidate);
  const std::size_t longer = typed_.size() > candidate.size() ? typed_.size() : candidate.size();
  if (distance >= distance_ || distance > longer / 3 || !share_a_byte(typed_, candidate)) return;
  distance_ = distance;
  best_ = candidate;
}

}  // namespace hfoffline
