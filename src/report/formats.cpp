#include "report/formats.h"

namespace hfoffline::report {
namespace {

constexpr Format kFormats[] = {
#define FORMAT(name, ending, rows, help) {#name, ending, rows, help, &render_##name},
#include "report/formats.def"
#undef FORMAT
};

}  // namespace

std::span<const Format> formats() { return kFormats; }

const Format* find_format(std::string_view name) {
  for (const Format& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

const Format* format_of_file(std::string_view file_name) {
  for (const Format& format : kFormats) {
    if (file_name.ends_with(format.ending)) return &format;
  }
  return nullptr;
}

}  // namespace hfoffline::report
