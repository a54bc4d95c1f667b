#include "layers/requirement.h"

#include <algorithm>

namespace hfoffline::layers {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  void skip_blanks() {
    while (take(" ")) {
    }
  }
  // The longest run of alphanumeric characters and `others`.
  std::string_view word(std::string_view others) {
    std::size_t size = 0;
    while (size < rest_.size() &&
           (is_alphanumeric(rest_[size]) || others.find(rest_[size]) != others.npos)) {
      ++size;
    }
    const std::string_view result = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return result;
  }

 private:
  std::string_view rest_;
};

// PEP 508's identifier.
bool take_name(Scanner& scanner) {
  const std::string_view name = scanner.word("._-");
  return !name.empty() && is_alphanumeric(name.front()) && is_alphanumeric(name.back());
}

bool take_clause(Scanner& scanner) {
  scanner.skip_blanks();
  // The longer ones first.
  const auto known = {"===", "==", ">=", "<=", "~=", "!=", ">", "<"};
  if (std::none_of(known.begin(), known.end(),
                   [&](std::string_view text) { return scanner.take(text); })) {
    return false;
  }
  scanner.skip_blanks();
  const std::string_view version = scanner.word(".*+!_-");
  scanner.skip_blanks();
  return !version.empty() && is_alphanumeric(version.front());
}

bool is_requirement(std::string_view text) {
  Scanner scanner(text);
  if (!take_name(scanner)) return false;
  if (scanner.take("[")) {
    do {
      scanner.skip_blanks();
      if (!take_name(scanner)) return false;
      scanner.skip_blanks();
    } while (scanner.take(","));
    if (!scanner.take("]")) return false;
  }
  scanner.skip_blanks();
  if (scanner.at_end()) return true;
  do {
    if (!take_clause(scanner)) return false;
  } while (scanner.take(","));
  return scanner.at_end();
}

}  // namespace

std::string requirement_problem(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (text.starts_with('-')) return "it is an option, and options are not passed on";
  if (text.find("://") != text.npos || text.find('@') != text.npos) return "it is a URL";
  if (text.find('/') != text.npos || text.find('\\') != text.npos || text.starts_with('.') ||
      text.starts_with('~')) {
    return "it is a path";
  }
  for (const std::string_view ending : {".whl", ".zip", ".egg", ".tar", ".gz", ".tgz", ".bz2",
                                        ".tbz", ".xz", ".txz", ".lz", ".tlz", ".lzma"}) {
    if (text.ends_with(ending)) return "it is the name of an archive";
  }
  if (!is_requirement(text))
    return "it is not NAME, NAME[EXTRA] or NAME with versions, as in \"fsspec>=2024.1,<2026\"";
  return "";
}

}  // namespace hfoffline::layers
