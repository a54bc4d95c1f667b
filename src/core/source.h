// Where a decision comes from: every setting and every rule of a policy remembers it, so that
// refusals, `hfoffline explain` and `hfoffline env --explain` can name the line to change.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/text.h"

namespace hfoffline {

struct Source {
  enum class Origin : std::uint8_t { kDefault, kPreset, kFile, kEnvironment, kFlag };

  Origin origin = Origin::kDefault;
  // The config file, the variable, the flag (with its dashes) or the preset. Not owned.
  std::string_view name;
  std::uint32_t line = 0;    // 1-based; only for kFile
  std::uint32_t column = 0;  // 1-based, in bytes; only for kFile
};

// Appends "hfoffline.toml:12", "--allow", "HFOFFLINE_ALLOW", "preset transformers" or "default".
void append_source(const Source& source, Appender& out);

}  // namespace hfoffline
