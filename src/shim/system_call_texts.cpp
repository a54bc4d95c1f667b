#include "shim/system_call_texts.h"

#include <iterator>

#include "core/read_only.h"
#include "shim/judge_openat2.h"
#include "shim/system_call_numbers.h"

namespace hfoffline::shim {
namespace {

constexpr SystemCallText path(std::int8_t word,
                              std::int8_t directory = SystemCallText::kWorkingDirectory) {
  return {word, directory};
}
constexpr SystemCallText text(std::int8_t word) { return {word, SystemCallText::kNoPath}; }

// The column of system_calls.def, said in its comment.
struct Texts {
  SystemCallText of[2];
};
constexpr Texts kTexts_none = {};
constexpr Texts kTexts_path = {{path(0)}};
constexpr Texts kTexts_path_path = {{path(0), path(1)}};
constexpr Texts kTexts_path_text = {{path(0), text(1)}};
constexpr Texts kTexts_text_path = {{text(0), path(1)}};
constexpr Texts kTexts_file_text = {{text(1)}};
constexpr Texts kTexts_at_path = {{path(1, 0)}};
constexpr Texts kTexts_at_path_at_path = {{path(1, 0), path(3, 2)}};
constexpr Texts kTexts_at_path_flags_text = {{path(1, 0), text(3)}};
constexpr Texts kTexts_text_at_path = {{text(0), path(2, 1)}};

// By number. A call whose number is too large for it does not compile.
struct Table {
  SystemCallTexts of[512];

  constexpr Table() : of() {
#define CALL(name, effect_on_file, texts, tried, ...) \
  of[SYS_##name] = {Effect::effect_on_file, {kTexts_##texts.of[0], kTexts_##texts.of[1]}};
#define PASS(...)
#define NONE(...)
#include "shim/system_calls.def"
#undef CALL
#undef PASS
#undef NONE
  }
};
constexpr Table kTable;

}  // namespace

SystemCallTexts texts_of(long number) {
  const bool is_known = number >= 0 && static_cast<std::size_t>(number) < std::size(kTable.of);
  return is_known ? kTable.of[number] : SystemCallTexts();
}

bool is_copied(Effect effect, long number, const SystemCallArguments& a) {
  if (effect != Effect::opens) return effect == Effect::writes;
  switch (number) {
    case SYS_openat:
      return open_can_write(a.number(2));
    case SYS_openat2:
      return has_usable_size(static_cast<std::size_t>(a.word[3])) &&
             openat2_can_write(a.pointer<const void>(2));
#if defined(__x86_64__)
    case SYS_open:
      return open_can_write(a.number(1));
#endif
    default:
      return false;
  }
}

}  // namespace hfoffline::shim
