// Puts values that have been checked (config_values.h) into a Config. Where the rules of precedence
// live.
#pragma once

#include <string_view>

#include "core/arena.h"
#include "core/config.h"

namespace hfoffline {

// Overrides a scalar. For a boolean, `text` is "true" or "false".
void store_scalar(Key key, std::string_view text, const Source& source, Config& config);

// Starts a list that `source` gives, which may turn out to be empty. Presets of a weaker source go.
void begin_list(Key key, const Source& source, Config& config);

// Adds an item to a list. Returns false if the arena is full.
bool store_item(Key key, std::string_view text, const Source& source, const PresetNames& presets,
                Arena& arena, Config& config);

}  // namespace hfoffline
