#include "report/escape.h"

#include <vector>

#include "core/diagnostic.h"
#include "core/text.h"
#include "core/utf8.h"

namespace hfoffline::report {
namespace {

constexpr std::string_view kUpperHex = "0123456789ABCDEF";

void append_percent(char c, std::string* out) {
  const auto byte = static_cast<unsigned char>(c);
  out->push_back('%');
  out->push_back(kUpperHex[byte >> 4]);
  out->push_back(kUpperHex[byte & 15]);
}

std::string with_percents(std::string_view text, std::string_view characters) {
  std::string result;
  for (const char c : text) {
    if (characters.find(c) != characters.npos) {
      append_percent(c, &result);
    } else {
      result.push_back(c);
    }
  }
  return result;
}

}  // namespace

std::string display(std::string_view text) {
  // Ten bytes are the most that three or four can become ("\U000E0001"), four the most of one.
  std::string result(text.size() * 4 + 16, '\0');
  Appender out(result.data(), result.size());
  append_printable(text, out);
  result.resize(out.size());
  return result;
}

std::string markup(std::string_view text) {
  const std::string visible = display(text);
  std::string result;
  result.reserve(visible.size() + 16);
  for (std::size_t i = 0; i < visible.size(); ++i) {
    switch (visible[i]) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        // U+FFFE and U+FFFF are UTF-8, and still no characters of XML.
        if (visible.compare(i, 2, "\xef\xbf") == 0 && i + 2 < visible.size() &&
            static_cast<unsigned char>(visible[i + 2]) >= 0xbe) {
          result += static_cast<unsigned char>(visible[i + 2]) == 0xbe ? "\\uFFFE" : "\\uFFFF";
          i += 2;
        } else {
          result.push_back(visible[i]);
        }
    }
  }
  return result;
}

void append_json(std::string_view text, std::string* out) {
  while (!text.empty()) {
    char32_t code_point = 0;
    const std::size_t length = utf8_sequence(text, &code_point);
    const char c = text.front();
    if (length == 0) {
      out->append("\\ufffd");
      text.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (c == '\n') {
      out->append("\\n");
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      const auto byte = static_cast<unsigned char>(c);
      out->append("\\u00");
      out->push_back("0123456789abcdef"[byte >> 4]);
      out->push_back("0123456789abcdef"[byte & 15]);
    } else {
      out->append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
}

std::string json(std::string_view text) {
  std::string result = "\"";
  append_json(text, &result);
  result.push_back('"');
  return result;
}

std::string github_message(std::string_view text) { return with_percents(text, "%\r\n"); }
std::string github_property(std::string_view text) { return with_percents(text, "%\r\n:,"); }

std::string uri_path(std::string_view path) {
  constexpr std::string_view kPlain = "-._~/";
  std::string result;
  for (const char c : path) {
    const char lower = ascii_lower(c);
    if ((lower >= 'a' && lower <= 'z') || is_ascii_digit(c) || kPlain.find(c) != kPlain.npos) {
      result.push_back(c);
    } else {
      append_percent(c, &result);
    }
  }
  return result;
}

std::string shorten(std::string_view text, std::size_t columns) {
  // Columns are counted as UTF-8 characters; what is double-width may run over, which does no harm.
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) starts.push_back(i);
  }
  constexpr std::string_view kGap = "...";
  if (starts.size() <= columns || columns <= kGap.size()) return std::string(text);
  const std::size_t kept = columns - kGap.size();
  // The end of a path or of a test's name says more than its start.
  const std::size_t head = kept / 3;
  const std::size_t tail = kept - head;
  std::string result(text.substr(0, starts[head]));
  result += kGap;
  result += text.substr(starts[starts.size() - tail]);
  return result;
}

std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(" \n");
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (word.empty()) continue;
    std::size_t size = 0;
    for (const char c : word) size += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
    if (column != 0 && column + 1 + size > width) {
      result += "\n" + std::string(indent, ' ');
      column = 0;
    } else if (column != 0) {
      result.push_back(' ');
      ++column;
    }
    result += word;
    column += size;
  }
  return result;
}

}  // namespace hfoffline::report
