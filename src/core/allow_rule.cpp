#include "core/allow_rule.h"

namespace hfoffline {
namespace {

constexpr std::size_t kNotFound = std::string_view::npos;

struct Mistake {
  std::string_view why;
  std::size_t offset = 0;
};

// Where each part of "HOST/BITS:PORT" stands in the text. An absent part has `present` false.
struct Part {
  bool present = false;
  std::size_t offset = 0;
  std::string_view text;
};
struct Parts {
  bool bracketed = false;
  Part host;
  Part bits;
  Part port;
};

Part part(std::string_view text, std::size_t from, std::size_t to) {
  return {true, from, slice(text, from, to - from)};
}

bool fail(Mistake* mistake, std::string_view why, std::size_t offset) {
  *mistake = {why, offset};
  return false;
}

std::size_t find_text(std::string_view text, std::string_view wanted) {
  for (std::size_t i = 0; i + wanted.size() <= text.size(); ++i) {
    if (slice(text, i, wanted.size()) == wanted) return i;
  }
  return kNotFound;
}

bool is_host_byte(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || is_ascii_digit(c) || c == '-' || c == '_' || c == '.';
}

// Whether a resolver might read `text` as an IPv4 address in one of its old forms ("10.1",
// "0x7f.1", "010.0.0.1"): its last label is a number.
bool ends_in_a_number(std::string_view text) {
  std::size_t start = text.size();
  while (start > 0 && text[start - 1] != '.') --start;
  std::string_view label = slice(text, start);
  const bool hexadecimal = label.size() > 1 && label[0] == '0' && ascii_lower(label[1]) == 'x';
  if (hexadecimal) label = slice(label, 2);
  for (const char c : label) {
    const char lower = ascii_lower(c);
    if (!is_ascii_digit(c) && !(hexadecimal && lower >= 'a' && lower <= 'f')) return false;
  }
  return hexadecimal || !label.empty();
}

// Cuts a text into its parts, which are not looked into yet.
bool split(std::string_view text, Parts* parts, Mistake* mistake) {
  if (text.empty()) return fail(mistake, "it is empty", 0);
  const std::size_t scheme = find_text(text, "://");
  if (scheme != kNotFound) {
    return fail(mistake, "it is a URL, where only a host and a port belong", 0);
  }
  std::size_t host_start = 0;
  std::size_t host_end = text.size();
  if (text[0] == '[') {
    parts->bracketed = true;
    host_start = 1;
    host_end = find_byte(text, ']');
    if (host_end == kNotFound) return fail(mistake, "the bracket is not closed", 0);
    const std::size_t after = host_end + 1;
    if (after < text.size()) {
      if (text[after] == '/') {
        return fail(mistake, "the prefix length belongs inside the brackets", after);
      }
      if (text[after] != ':') return fail(mistake, "only a port may follow the bracket", after);
      parts->port = part(text, after + 1, text.size());
    }
  } else {
    const std::size_t colon = find_byte(text, ':');
    const bool v6 = colon != kNotFound && find_byte(text, ':', colon + 1) != kNotFound;
    if (colon != kNotFound && !v6) {
      host_end = colon;
      parts->port = part(text, colon + 1, text.size());
    }
  }
  const std::size_t slash = find_byte(slice(text, 0, host_end), '/', host_start);
  if (slash != kNotFound) {
    parts->bits = part(text, slash + 1, host_end);
    host_end = slash;
  }
  parts->host = part(text, host_start, host_end);
  return true;
}

bool read_port(const Parts& parts, std::uint16_t* port, Mistake* mistake) {
  if (!parts.port.present) return true;
  std::uint64_t value = 0;
  const std::string_view text = parts.port.text;
  if (text.empty()) return fail(mistake, "a port is missing after the colon", parts.port.offset);
  if (!parse_decimal(text, 65535, &value) || value == 0 || text[0] == '0') {
    return fail(mistake, "the port must be 1 to 65535", parts.port.offset);
  }
  *port = static_cast<std::uint16_t>(value);
  return true;
}

// Reads the host as an address or as a name, whichever it is.
bool read_host(const Parts& parts, bool* is_name, IpAddress* address, std::string_view* name,
               Mistake* mistake) {
  const std::string_view text = parts.host.text;
  const std::size_t offset = parts.host.offset;
  if (text.empty()) return fail(mistake, "the host is missing", offset);
  *is_name = false;
  const std::size_t zone = find_byte(text, '%');
  const bool v6 = find_byte(text, ':') != kNotFound;
  if (v6 && zone != kNotFound) return fail(mistake, "an address has no zone here", offset + zone);
  if (parts.bracketed && !v6) {
    return fail(mistake, "brackets are for IPv6 addresses only", offset - 1);
  }
  if (parse_address(text, address)) return true;
  if (v6) {
    return fail(mistake,
                find_byte(text, '.') == kNotFound && parts.bits.present &&
                        find_byte(parts.bits.text, ':') != kNotFound
                    ? "an IPv6 network with a port needs brackets"
                    : "it is not an IPv6 address",
                offset);
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '*') return fail(mistake, "names cannot have wildcards", offset + i);
    if (static_cast<unsigned char>(text[i]) >= 0x80) {
      return fail(mistake, "a name outside ASCII must be written in its xn-- form", offset + i);
    }
    if (text[i] == ' ' || text[i] == '\t') {
      return fail(mistake, "a host has no blanks", offset + i);
    }
    if (!is_host_byte(text[i])) {
      return fail(mistake, "a host name has letters, digits, hyphens, underscores and dots only",
                  offset + i);
    }
  }
  // Some resolvers take a final dot for "this name is complete": it names the same host.
  const std::string_view without_dot = text.back() == '.' ? slice(text, 0, text.size() - 1) : text;
  if (ends_in_a_number(without_dot)) {
    return fail(mistake, "it is not a whole IPv4 address, and no host name", offset);
  }
  if (!is_host_name(without_dot)) {
    return fail(mistake,
                without_dot.size() > 253 ? "a host name has at most 253 bytes"
                                         : "between its dots a host name has 1 to 63 bytes, which "
                                           "neither start nor end with a hyphen",
                offset);
  }
  *is_name = true;
  *name = without_dot;
  return true;
}

bool read_rule(std::string_view text, AllowRule* rule, Mistake* mistake) {
  Parts parts;
  IpAddress address;
  if (!split(text, &parts, mistake)) return false;
  if (!read_host(parts, &rule->is_name, &address, &rule->name, mistake)) return false;
  if (rule->is_name && parts.bits.present) {
    return fail(mistake, "a host name has no path and no prefix length", parts.bits.offset - 1);
  }
  if (!rule->is_name) {
    rule->network.base = address;
    // Written with colons, even a v4-mapped address counts its prefix over all 128 bits.
    const bool dotted = find_byte(parts.host.text, ':') == kNotFound;
    const unsigned width = dotted ? 32 : 128;
    std::uint64_t bits = width;
    if (parts.bits.present) {
      const std::string_view digits = parts.bits.text;
      if (!dotted && find_byte(digits, ':') != kNotFound) {
        return fail(mistake, "an IPv6 network with a port needs brackets", parts.bits.offset);
      }
      const bool zero_padded = digits.size() > 1 && digits[0] == '0';
      if (!parse_decimal(digits, width, &bits) || zero_padded) {
        return fail(mistake,
                    dotted ? "the prefix length of an IPv4 network must be 0 to 32"
                           : "the prefix length of an IPv6 network must be 0 to 128",
                    parts.bits.offset);
      }
    }
    rule->network.prefix = static_cast<std::uint8_t>(128 - width + bits);
    if (has_bits_after_prefix(rule->network)) {
      return fail(mistake, "the network has bits set after its prefix", parts.host.offset);
    }
  }
  return read_port(parts, &rule->port, mistake);
}

bool read_host_and_port(std::string_view text, HostAndPort* result, Mistake* mistake) {
  Parts parts;
  bool is_name = false;
  if (!split(text, &parts, mistake)) return false;
  if (parts.bits.present) {
    return fail(mistake, "a host and a port have no slash", parts.bits.offset - 1);
  }
  if (!read_host(parts, &is_name, &result->address, &result->host, mistake)) return false;
  result->is_address = !is_name;
  if (!is_name) result->host = parts.host.text;
  return read_port(parts, &result->port, mistake);
}

}  // namespace

bool parse_allow_rule(std::string_view text, AllowRule* rule, std::string_view* why,
                      std::size_t* offset) {
  *rule = {};
  Mistake mistake;
  if (read_rule(text, rule, &mistake)) return true;
  *why = mistake.why;
  *offset = mistake.offset;
  return false;
}

bool parse_host_and_port(std::string_view text, HostAndPort* result, std::string_view* why,
                         std::size_t* offset) {
  *result = {};
  Mistake mistake;
  if (read_host_and_port(text, result, &mistake)) return true;
  *why = mistake.why;
  *offset = mistake.offset;
  return false;
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  std::size_t label_start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != '.') {
      if (!is_host_byte(text[i])) return false;
      continue;
    }
    const std::string_view label = slice(text, label_start, i - label_start);
    if (label.empty() || label.size() > 63) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    label_start = i + 1;
  }
  return true;
}

}  // namespace hfoffline
