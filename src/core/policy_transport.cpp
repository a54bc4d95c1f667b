#include "core/policy_transport.h"

namespace hfoffline {
namespace {

constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct Values {
  std::uint8_t of[256];
};
constexpr std::uint8_t kInvalid = 0xff;
constexpr Values make_values() {
  Values values{};
  for (auto& value : values.of) value = kInvalid;
  for (std::uint8_t i = 0; i < 64; ++i) values.of[static_cast<unsigned char>(kDigits[i])] = i;
  return values;
}
constexpr Values kValues = make_values();

std::uint8_t value_of(char c) { return kValues.of[static_cast<unsigned char>(c)]; }

// Sixteen digits at a time: every process decodes some kilobytes before its main() runs.
using Bytes = std::uint8_t __attribute__((vector_size(16)));
using Words = std::uint32_t __attribute__((vector_size(16)));

// Values of all sixteen digits; sets bits in `invalid` where one is no digit.
Bytes values_of(Bytes digits, Bytes& invalid) {
  const Bytes upper = digits - 'A';
  const Bytes lower = digits - 'a';
  const Bytes number = digits - '0';
  const Bytes is_upper = upper < 26;
  const Bytes is_lower = lower < 26;
  const Bytes is_number = number < 10;
  const Bytes is_dash = digits == '-';
  const Bytes is_underscore = digits == '_';
  invalid |= ~(is_upper | is_lower | is_number | is_dash | is_underscore);
  return (is_upper & upper) | (is_lower & (lower + 26)) | (is_number & (number + 52)) |
         (is_dash & 62) | (is_underscore & 63);
}

// Decodes whole groups of sixteen while there are as many, and room for the byte that is written
// behind each group of three. Returns how many digits, or -1 for one that is none.
long decode_sixteens(std::string_view text, std::uint8_t* out, std::size_t capacity) {
  Bytes invalid{};
  std::size_t i = 0;
  for (; i + 16 <= text.size() && i / 4 * 3 + 13 <= capacity; i += 16) {
    Bytes digits;
    __builtin_memcpy(&digits, text.data() + i, sizeof(digits));
    const Bytes values = values_of(digits, invalid);
    Words groups;
    __builtin_memcpy(&groups, &values, sizeof(groups));
    // The first digit is the lowest byte (both architectures are little-endian); its six bits come
    // highest.
    groups = groups << 26 | (groups << 12 & 0x03f00000) | (groups >> 2 & 0x000fc000) |
             (groups >> 16 & 0x00003f00);
    for (int group = 0; group < 4; ++group) {
      const std::uint32_t bytes = __builtin_bswap32(groups[group]);
      __builtin_memcpy(out + i / 4 * 3 + group * 3, &bytes, sizeof(bytes));
    }
  }
  std::uint64_t halves[2];
  __builtin_memcpy(halves, &invalid, sizeof(halves));
  return (halves[0] | halves[1]) != 0 ? -1 : static_cast<long>(i);
}

}  // namespace

void encode_policy(const std::uint8_t* bytes, std::size_t size, char* out) {
  std::size_t i = 0;
  for (; i + 3 <= size; i += 3) {
    const std::uint32_t group = bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2];
    *out++ = kDigits[group >> 18];
    *out++ = kDigits[group >> 12 & 63];
    *out++ = kDigits[group >> 6 & 63];
    *out++ = kDigits[group & 63];
  }
  if (i == size) return;
  const std::uint32_t group = bytes[i] << 16 | (i + 1 < size ? bytes[i + 1] << 8 : 0);
  *out++ = kDigits[group >> 18];
  *out++ = kDigits[group >> 12 & 63];
  if (i + 1 < size) *out++ = kDigits[group >> 6 & 63];
}

std::size_t decode_policy(std::string_view text, std::uint8_t* out, std::size_t capacity) {
  const std::size_t size = text.size() * 3 / 4;
  if (size > capacity || text.size() % 4 == 1) return 0;
  const long done = decode_sixteens(text, out, capacity);
  if (done < 0) return 0;
  auto i = static_cast<std::size_t>(done);
  std::size_t at = i / 4 * 3;
  std::uint8_t seen = 0;
  for (; i + 4 <= text.size(); i += 4) {
    const std::uint8_t a = value_of(text[i]);
    const std::uint8_t b = value_of(text[i + 1]);
    const std::uint8_t c = value_of(text[i + 2]);
    const std::uint8_t d = value_of(text[i + 3]);
    seen |= a | b | c | d;
    out[at] = static_cast<std::uint8_t>(a << 2 | b >> 4);
    out[at + 1] = static_cast<std::uint8_t>(b << 4 | c >> 2);
    out[at + 2] = static_cast<std::uint8_t>(c << 6 | d);
    at += 3;
  }
  if (i < text.size()) {
    const std::uint8_t a = value_of(text[i]);
    const std::uint8_t b = value_of(text[i + 1]);
    seen |= a | b;
    out[at++] = static_cast<std::uint8_t>(a << 2 | b >> 4);
    if (i + 2 < text.size()) {
      const std::uint8_t c = value_of(text[i + 2]);
      seen |= c;
      out[at++] = static_cast<std::uint8_t>(b << 4 | c >> 2);
    }
  }
  // Values are below 64, so only an invalid digit can have set the high bits.
  return (seen & 0xc0) != 0 ? 0 : at;
}

}  // namespace hfoffline
