// As much of a DNS message (RFC 1035, section 4) as it takes to know what is asked, and which
// addresses an answer has. Pure; nothing outside of the message is read, whatever it says.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/address.h"
#include "core/text.h"

namespace hfoffline {

struct DnsMessage {
  const std::uint8_t* bytes;
  std::size_t size;
};

// The name in the only question, without a trailing dot ("." is the root). A byte that host names
// do not have is kept as it is. False: no question, several, or a message that ends early.
bool dns_question(const DnsMessage& message, Appender& name);

// The addresses in the answer section, whatever they are the addresses of. Those of name servers
// are in the sections behind it.
class DnsAnswers {
 public:
  explicit DnsAnswers(const DnsMessage& message);
  bool next(IpAddress* address);  // false: no more

 private:
  DnsMessage message_;
  std::size_t at_ = 0;
  unsigned left_ = 0;
};

}  // namespace hfoffline
