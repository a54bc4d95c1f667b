#include "cli/message.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "core/text.h"

namespace hfoffline::cli {
namespace {

bool has_colour(int descriptor) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return (no_colour == nullptr || *no_colour == '\0') && isatty(descriptor) == 1 &&
         terminal != nullptr && std::string_view(terminal) != "dumb";
}

// Made at the first message: a run that has nothing to say pays nothing for it.
spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::sink_ptr sink;
    if (stderr_has_colour()) {
      sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_st>();
    } else {
      sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
    }
    return spdlog::logger("hfoffline", std::move(sink));
  }();
  return instance;
}

void log(spdlog::level::level_enum level, std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  logger().set_pattern(level == spdlog::level::info ? "hfoffline: %v" : "hfoffline: %^%l%$: %v");
  logger().log(level, spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace

void note(std::string_view text) { log(spdlog::level::info, text); }
void warn(std::string_view text) { log(spdlog::level::warn, text); }
void error(std::string_view text) { log(spdlog::level::err, text); }

void error(const Diagnostic& diagnostic) {
  char text[2048];
  Appender out(text);
  append_diagnostic(diagnostic, out);
  error(out.view());
}

bool stderr_has_colour() { return has_colour(STDERR_FILENO); }
bool stdout_has_colour() { return has_colour(STDOUT_FILENO); }

std::string printable(std::string_view text) {
  // Four bytes are the most that one can become ("\xff").
  std::string result(text.size() * 4 + 16, '\0');
  Appender out(result.data(), result.size());
  append_printable(text, out);
  result.resize(out.size());
  return result;
}

}  // namespace hfoffline::cli
