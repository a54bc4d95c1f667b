#include "shim/service_switch.h"

#include "shim/word_file.h"

namespace hfoffline::shim {

SourceListing find_source(std::string_view database, std::string_view source, char comment) {
  WordFile file("/etc/nsswitch.conf");
  while (file.next_line()) {
    std::string_view word = file.next_word(comment);
    if (!word.starts_with(database)) continue;
    // The first source may follow the colon at once.
    for (word.remove_prefix(database.size());; word = {}) {
      if (word.empty()) word = file.next_word(comment);
      if (word.empty()) return SourceListing::kNotListed;
      if (word == source) return SourceListing::kListed;
    }
  }
  return SourceListing::kNoLine;
}

}  // namespace hfoffline::shim
