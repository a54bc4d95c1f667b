// "Did you mean ...?" for keys, presets, commands and flags.
#pragma once

#include <cstddef>
#include <string_view>

namespace hfoffline {

// Edit distance with transpositions (optimal string alignment), ignoring case and treating '-' and
// '_' alike.
std::size_t edit_distance(std::string_view a, std::string_view b);

// Keeps the closest candidate offered; best() is empty if none is close enough to be worth naming
// (at most a third of the longer text, and at least one byte in common).
class Suggestion {
 public:
  explicit Suggestion(std::string_view typed) : typed_(typed) {}
  void offer(std::string_view candidate);
  std::string_view best() const { return best_; }

 private:
  std::string_view typed_;
  std::string_view best_;
  std::size_t distance_ = static_cast<std::size_t>(-1);
};

}  // namespace hfoffline
