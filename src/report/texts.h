// Each text once, as a number.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

namespace hfoffline::report {

using TextId = std::uint32_t;
inline constexpr TextId kNoText = 0;  // the empty text

class Texts {
 public:
  explicit Texts(std::size_t maximum_bytes) : maximum_bytes_(maximum_bytes) { add(""); }
  Texts(const Texts&) = delete;
  Texts& operator=(const Texts&) = delete;

  // False if `text` is new and there is no room for it.
  bool find_or_add(std::string_view text, TextId* id);
  std::string_view operator[](TextId id) const { return texts_[id]; }
  std::size_t size() const { return texts_.size(); }

 private:
  struct Hash {
    std::size_t operator()(std::string_view text) const;
  };

  TextId add(std::string_view text);

  std::size_t maximum_bytes_;
  std::size_t bytes_ = 0;
  std::deque<std::string> texts_;  // never moves what it holds
  absl::flat_hash_map<std::string_view, TextId, Hash> ids_;
};

}  // namespace hfoffline::report
