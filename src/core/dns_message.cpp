#include "core/dns_message.h"

namespace hfoffline {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr unsigned kTypeA = 1;
constexpr unsigned kTypeAaaa = 28;

unsigned number_at(const DnsMessage& message, std::size_t at) {
  return static_cast<unsigned>(message.bytes[at] << 8 | message.bytes[at + 1]);
}

// Where the name that starts at `at` ends in the message, or 0 if the message ends before it.
std::size_t end_of_name(const DnsMessage& message, std::size_t at) {
  while (at < message.size) {
    const std::uint8_t length = message.bytes[at];
    if (length == 0) return at + 1;
    if ((length & 0xc0) == 0xc0) return at + 2 <= message.size ? at + 2 : 0;
    if ((length & 0xc0) != 0) return 0;
    at += 1U + length;
  }
  return 0;
}

}  // namespace

bool dns_question(const DnsMessage& message, Appender& name) {
  if (message.size < kHeaderBytes || number_at(message, 4) != 1) return false;
  std::size_t at = kHeaderBytes;
  if (end_of_name(message, at) == 0) return false;
  if (message.bytes[at] == 0) name.add_byte('.');
  for (bool first = true; message.bytes[at] != 0; first = false) {
    const std::size_t length = message.bytes[at];
    if (length > 63) return false;  // nothing comes before a question that it could refer to
    if (!first) name.add_byte('.');
    name.add({reinterpret_cast<const char*>(message.bytes + at + 1), length});
    at += 1 + length;
  }
  return !name.overflowed();
}

DnsAnswers::DnsAnswers(const DnsMessage& message) : message_(message) {
  if (message.size < kHeaderBytes) return;
  at_ = kHeaderBytes;
  for (unsigned questions = number_at(message, 4); questions != 0; --questions) {
    at_ = end_of_name(message, at_);
    if (at_ == 0 || message.size - at_ < 4) return;
    at_ += 4;  // type and class
  }
  left_ = number_at(message, 6);
}

bool DnsAnswers::next(IpAddress* address) {
  for (; left_ != 0; --left_) {
    const std::size_t fixed = end_of_name(message_, at_);
    if (fixed == 0 || message_.size - fixed < 10) break;
    const unsigned type = number_at(message_, fixed);
    const std::size_t length = number_at(message_, fixed + 8);
    const std::size_t data = fixed + 10;
    if (message_.size - data < length) break;
    at_ = data + length;
    if (type == kTypeA && length == 4) {
      *address = address_from_v4(message_.bytes + data);
    } else if (type == kTypeAaaa && length == 16) {
      *address = address_from_v6(message_.bytes + data);
    } else {
      continue;
    }
    --left_;
    return true;
  }
  left_ = 0;
  return false;
}

}  // namespace hfoffline
