#include "report/texts.h"

#include "core/hash.h"

namespace hfoffline::report {
namespace {

// What a text costs besides its bytes: its place in the list and in the index.
constexpr std::size_t kBytesPerText = 80;

}  // namespace

std::size_t Texts::Hash::operator()(std::string_view text) const {
  return hash_bytes(text.size(), text.data(), text.size());
}

TextId Texts::add(std::string_view text) {
  const auto id = static_cast<TextId>(texts_.size());
  texts_.emplace_back(text);
  ids_.emplace(texts_.back(), id);
  bytes_ += text.size() + kBytesPerText;
  return id;
}

bool Texts::find_or_add(std::string_view text, TextId* id) {
  const auto found = ids_.find(text);
  if (found != ids_.end()) {
    *id = found->second;
    return true;
  }
  if (bytes_ + text.size() + kBytesPerText > maximum_bytes_) return false;
  *id = add(text);
  return true;
}

}  // namespace hfoffline::report
