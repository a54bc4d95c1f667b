#include "core/dns_message.h"

#include <string>
#include <vector>

#include "catch.h"

using namespace hfoffline;
using namespace std::string_literals;

namespace {

DnsMessage message_of(const std::string& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::string header(int questions, int answers, int authorities = 0, int additional = 0) {
  std::string bytes(12, '\0');
  bytes[5] = static_cast<char>(questions);
  bytes[7] = static_cast<char>(answers);
  bytes[9] = static_cast<char>(authorities);
  bytes[11] = static_cast<char>(additional);
  return bytes;
}

const std::string kQuestion = "\3www\7example\4test\0\0\1\0\1"s;

std::string record(int type, const std::string& data) {
  return "\xc0\x0c\0"s + static_cast<char>(type) + "\0\1\0\0\0\x3c\0"s +
         static_cast<char>(data.size()) + data;
}

std::string question(const std::string& bytes) {
  char text[260];
  Appender name(text);
  return dns_question(message_of(bytes), name) ? std::string(name.view()) : "none";
}

std::vector<std::string> addresses(const std::string& bytes) {
  std::vector<std::string> found;
  DnsAnswers answers(message_of(bytes));
  IpAddress address;
  while (answers.next(&address)) {
    char text[64];
    Appender out(text);
    append_address(address, out);
    found.emplace_back(out.view());
  }
  return found;
}

}  // namespace

TEST_CASE("dns message: the question") {
  CHECK(question(header(1, 0) + kQuestion) == "www.example.test");
  CHECK(question(header(1, 0) + "\0\0\1\0\1"s) == ".");
  CHECK(question(header(0, 0)) == "none");
  CHECK(question(header(2, 0) + kQuestion + kQuestion) == "none");
  CHECK(question(header(1, 0) + "\xc0\x0c\0\1\0\1"s) == "none");
  CHECK(question(header(1, 0) + "\x80www\0"s) == "none");
}

TEST_CASE("dns message: the addresses of the answers, and of nothing behind them") {
  const std::string four = record(1, "\xc0\0\2\1"s);
  const std::string other = record(1, "\xc0\0\2\2"s);
  const std::string alias = record(5, "\3cdn\xc0\x10"s);
  const std::string six = record(28, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"s);
  CHECK(addresses(header(1, 0) + kQuestion).empty());
  CHECK(addresses(header(1, 3) + kQuestion + alias + four + six) ==
        std::vector<std::string>{"192.0.2.1", "2001:db8::1"});
  CHECK(addresses(header(1, 1, 0, 1) + kQuestion + four + other) ==
        std::vector<std::string>{"192.0.2.1"});
  CHECK(addresses(header(0, 1) + record(1, "\xc0\0"s)).empty());
}

TEST_CASE("dns message: one that is cut anywhere is read to its end, and no further") {
  const std::string whole =
      header(1, 2) + kQuestion + record(1, "\xc0\0\2\1"s) + record(1, "\xc0\0\2\2"s);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // Memory of just that size, for the address sanitizer.
    const std::vector<char> part(whole.begin(), whole.begin() + static_cast<long>(size));
    const std::string cut(part.begin(), part.end());
    CHECK(addresses(cut).size() < 2);
    question(cut);
  }
}
