// Which words of a system call are texts, as system_calls.def says.
#pragma once

#include <cstdint>

#include "shim/system_call_arguments.h"

namespace hfoffline::shim {

// What a call may do to the file that it names.
enum class Effect : std::uint8_t {
  other,   // there is none
  reads,   // nothing
  writes,  // it may change it
  opens    // that depends on how it is opened
};

struct SystemCallText {
  static constexpr std::int8_t kWorkingDirectory = -1;
  static constexpr std::int8_t kNoPath = -2;

  std::int8_t word = -1;            // -1: there is no text
  std::int8_t directory = kNoPath;  // the word that says from where a path starts
};

struct SystemCallTexts {
  Effect effect = Effect::other;
  SystemCallText text[2] = {{}, {}};
};

SystemCallTexts texts_of(long number);

// Whether the texts are copied before they are judged: the call may write.
bool is_copied(Effect effect, long number, const SystemCallArguments& arguments);

}  // namespace hfoffline::shim
