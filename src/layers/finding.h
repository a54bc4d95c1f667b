// One thing that shadows core, or might be taken for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hfoffline::layers {

enum class FindingKind : std::uint8_t {
#define FINDING(identifier, checker, counts, meaning, why) identifier,
#include "layers/finding_kinds.def"
#undef FINDING
  count,
};

struct FindingKindInfo {
  std::string_view code;     // as in JSON
  std::string_view checker;  // the row of checkers.def
  bool counts;               // exit code 3; else it is a note
  std::string_view meaning;
  std::string_view why;
};

inline constexpr std::size_t kFindingKindCount = static_cast<std::size_t>(FindingKind::count);

const FindingKindInfo& finding_kind_info(FindingKind kind);

// All texts may hold any bytes: what prints them makes them printable.
struct Finding {
  FindingKind kind = FindingKind::count;
  std::string subject;    // what is shadowed: a module, a library, a cache entry, a variable
  std::string layer;      // name of the layer that shadows it
  std::string path;       // that layer's copy
  std::string core;       // core's copy, which should win; "" if there is none
  std::string winner;     // the copy that wins; "" if nothing was asked
  bool observed = false;  // the real program was asked; else it follows from the rules
  std::string why;        // the line of sys.path, the loader's rule, the client's precedence
  std::string fix;        // what to do
};

}  // namespace hfoffline::layers
