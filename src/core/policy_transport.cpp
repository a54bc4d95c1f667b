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
  std::size_t at = 0;
  std::uint8_t seen = 0;
  std::size_t i = 0;
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
