// The formats of formats.def.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "report/groups.h"
#include "report/output.h"
#include "report/report.h"

namespace hfoffline::report {

struct RenderOptions {
  GroupBy group_by = GroupBy::kHost;
  std::size_t rows = 25;
  bool colour = false;
  // github: the file that the step's summary is appended to; empty: none. Pieces of text that may
  // follow the annotations are guarded by this word, which no record can know.
  std::string github_summary_file;
  std::string github_stop_word;
};

struct Format {
  std::string_view name;
  std::string_view ending;
  std::size_t rows;
  std::string_view help;
  void (*render)(const Report&, const RenderOptions&, Output&);
};

#define FORMAT(name, ending, rows, help) \
  void render_##name(const Report& report, const RenderOptions& options, Output& out);
#include "report/formats.def"
#undef FORMAT

std::span<const Format> formats();
const Format* find_format(std::string_view name);          // or nullptr
const Format* format_of_file(std::string_view file_name);  // by its ending, or nullptr

// The table for a step's summary: GitHub's Markdown.
void render_github_summary(const Report& report, const RenderOptions& options, Output& out);

}  // namespace hfoffline::report
