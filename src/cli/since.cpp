#include "cli/since.h"

#include "core/record.h"
#include "core/text.h"
#include "report/record_line.h"

namespace hfoffline::cli {

bool parse_since(std::string_view text, std::uint64_t now, std::string* time) {
  if (text.empty()) return false;
  constexpr std::string_view kUnits = "smhd";
  constexpr std::uint64_t kSeconds[] = {1, 60, 3600, 86400};
  std::uint64_t count = 0;
  if (const std::size_t unit = kUnits.find(text.back());
      unit != kUnits.npos && parse_decimal(text.substr(0, text.size() - 1), 1000000, &count)) {
    const std::uint64_t seconds = count * kSeconds[unit];
    char buffer[32];
    Appender out(buffer);
    append_time(now > seconds ? now - seconds : 0, 0, out);
    *time = out.view();
    return true;
  }
  // What is left out is zero.
  constexpr std::string_view kRest = "0000-00-00T00:00:00.000Z";
  std::string whole(text.ends_with('Z') ? text.substr(0, text.size() - 1) : text);
  const bool ends_at_a_part = whole.size() == 10 || whole.size() == 16 || whole.size() == 19 ||
                              (whole.size() == 23 && text.ends_with('Z'));
  if (!ends_at_a_part) return false;
  if (whole.size() > 10 && whole[10] == ' ') whole[10] = 'T';
  whole += kRest.substr(whole.size());
  if (report::milliseconds_of(whole) < 0) return false;
  *time = whole;
  return true;
}

}  // namespace hfoffline::cli
