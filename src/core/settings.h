// From a process's flags, variables and files to a Config: the same steps for the launcher and for
// a bare LD_PRELOAD, so that both mean the same.
#pragma once

#include <string_view>

#include "core/arena.h"
#include "core/config.h"
#include "core/diagnostic.h"

namespace hfoffline {

inline constexpr std::string_view kConfigVariable = "HFOFFLINE_CONFIG";
inline constexpr std::string_view kConfigFileName = "hfoffline.toml";

// The value of a variable in a NULL-terminated environment, or nullptr. `environment` may be null.
// Hot, here and elsewhere: what runs at every start is to lie in as few pages as possible.
[[gnu::hot]] const char* find_in_environment(const char* const* environment, std::string_view name);

// Finds and reads the config file: `flag` if not empty, else HFOFFLINE_CONFIG, else the nearest
// hfoffline.toml upward from the working directory. No file at all is no error. Then applies it and
// the HFOFFLINE_* variables over the defaults; the caller applies flags afterwards. On failure
// `error` is filled and `config` unusable.
bool load_settings(std::string_view flag, const char* const* environment,
                   const PresetNames& presets, Arena& arena, Config& config, Diagnostic& error);

// A variable named HFOFFLINE_* that nothing reads: mistyped, most likely.
struct UnknownVariable {
  std::string_view name;
  std::string_view suggestion;  // a name that is read, or ""
};
// The next one in `*environment` (NULL-terminated), which is moved behind it. False if there is
// none.
bool next_unknown_variable(const char* const** environment, UnknownVariable* unknown);

// Reads a whole file into the arena, NUL-terminated. Returns 0 or an errno (EFBIG beyond
// kMaximumConfigBytes, ESPIPE for a fifo with a name, EBUSY if it grew meanwhile, ENOMEM if the
// arena is too small). What it takes of the arena is not given back.
int read_file(const char* path, Arena& arena, std::string_view* text);

}  // namespace hfoffline
