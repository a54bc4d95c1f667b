// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing over U+10FFFF.
// Pure, async-signal-safe.
#pragma once

#include <cstddef>
#include <string_view>

namespace hfoffline {

// Length in bytes of the well-formed sequence that `text` starts with (1 to 4), which is decoded
// into *code_point; 0 if it starts with none.
std::size_t utf8_sequence(std::string_view text, char32_t* code_point);

// Offset of the first byte that belongs to no well-formed sequence, or npos.
std::size_t find_invalid_utf8(std::string_view text);

// Writes one to four bytes and returns how many. `code_point` must be a Unicode scalar value.
std::size_t encode_utf8(char32_t code_point, char (&bytes)[4]);

}  // namespace hfoffline
