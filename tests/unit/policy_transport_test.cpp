#include "core/policy_transport.h"

#include <random>
#include <string>
#include <vector>

#include "catch.h"
#include "core/policy_format.h"

using namespace hfoffline;

namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(const std::vector<std::uint8_t>& bytes) {
  std::string text(encoded_policy_size(bytes.size()), '?');
  encode_policy(bytes.data(), bytes.size(), text.data());
  return text;
}
std::string encode(std::string_view text) {
  return encode(std::vector<std::uint8_t>(text.begin(), text.end()));
}

// Decodes into memory of exactly `capacity` bytes.
std::vector<std::uint8_t> decode(std::string_view text, std::size_t capacity) {
  std::vector<std::uint8_t> bytes(capacity);
  bytes.resize(decode_policy(text, bytes.data(), capacity));
  return bytes;
}

std::vector<std::uint8_t> random_bytes(std::size_t size, std::mt19937& random) {
  std::vector<std::uint8_t> bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

}  // namespace

TEST_CASE("policy transport: the test vectors of RFC 4648, in its URL-safe alphabet") {
  CHECK(encode("") == "");
  CHECK(encode("f") == "Zg");
  CHECK(encode("fo") == "Zm8");
  CHECK(encode("foo") == "Zm9v");
  CHECK(encode("foob") == "Zm9vYg");
  CHECK(encode("fooba") == "Zm9vYmE");
  CHECK(encode("foobar") == "Zm9vYmFy");
  CHECK(encode("\xfb\xff\xfe") == "-__-");
}

TEST_CASE("policy transport: what was encoded is decoded, for every length up to 300") {
  std::mt19937 random(1);
  for (std::size_t size = 0; size <= 300; ++size) {
    CAPTURE(size);
    const std::vector<std::uint8_t> bytes = random_bytes(size, random);
    const std::string text = encode(bytes);
    REQUIRE(text.size() == encoded_policy_size(size));
    REQUIRE(text.find_first_not_of(kDigits) == std::string::npos);
    REQUIRE(decode(text, size) == bytes);
    REQUIRE(decode(text, size + 100) == bytes);
  }
}

TEST_CASE("policy transport: every byte value, and the largest policy") {
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
  CHECK(decode(encode(bytes), 256) == bytes);
  std::mt19937 random(2);
  bytes = random_bytes(kMaximumPolicyBytes, random);
  const std::string text = encode(bytes);
  CHECK(decode(text, kMaximumPolicyBytes) == bytes);
  // One environment string, with its name, '=' and NUL, may have 128 KiB (MAX_ARG_STRLEN).
  CHECK(kPolicyVariable.size() + 1 + text.size() + 1 <= 128 * 1024);
}

TEST_CASE("policy transport: what does not fit is refused, and nothing is written behind the end") {
  std::mt19937 random(3);
  for (std::size_t size = 1; size <= 40; ++size) {
    const std::string text = encode(random_bytes(size, random));
    for (std::size_t capacity = 0; capacity < size; ++capacity) {
      CAPTURE(size, capacity);
      std::vector<std::uint8_t> memory(capacity + 8, 0xaa);
      REQUIRE(decode_policy(text, memory.data(), capacity) == 0);
      for (std::size_t i = capacity; i < memory.size(); ++i) REQUIRE(memory[i] == 0xaa);
    }
  }
}

TEST_CASE("policy transport: lengths that no bytes encode to are refused") {
  // More digits follow in memory, so that it is the length that is wrong.
  const std::string digits(500, 'A');
  for (std::size_t size = 1; size <= 401; size += 4) {
    CAPTURE(size);
    CHECK(decode(std::string_view(digits).substr(0, size), 1000).empty());
    CHECK_FALSE(decode(std::string_view(digits).substr(0, size + 1), 1000).empty());
  }
}

TEST_CASE("policy transport: every byte that is no digit is refused, wherever it stands") {
  std::mt19937 random(4);
  for (std::size_t size : {1U, 2U, 3U, 4U, 5U, 6U, 9U, 10U}) {
    const std::string text = encode(random_bytes(size, random));
    for (std::size_t at = 0; at < text.size(); ++at) {
      for (int value = 0; value < 256; ++value) {
        const char c = static_cast<char>(value);
        std::string changed = text;
        changed[at] = c;
        CAPTURE(size, at, value);
        REQUIRE(decode(changed, size).empty() == (kDigits.find(c) == std::string_view::npos));
      }
    }
  }
}

TEST_CASE("policy transport: padding, blanks and the other alphabet are refused") {
  for (const char* text : {"Zg==", "Zm8=", "Zm9v\n", " Zm9v", "Zm9 v", "+/+/", "Zm9v Zm9v"}) {
    CAPTURE(text);
    CHECK(decode(text, 100).empty());
  }
}
