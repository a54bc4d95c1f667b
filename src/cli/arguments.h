// Command lines: tables of flags in, values out.
//
// Texts in Arguments point into the strings given to parse_arguments, or into the tables. abseil's
// flags are not used: they can neither stop at the first positional argument, nor be scoped to a
// subcommand, nor repeat.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/config.h"

namespace hfoffline::cli {

// A flag of one subcommand. The settings of core/config_keys.def come on top where Usage says so.
struct Flag {
  std::string_view name;        // without dashes
  std::string_view value_name;  // "FILE"; empty: the flag is a boolean
  std::string_view help;
  char letter = '\0';  // "-o" besides "--output"
  bool repeats = false;
};

enum class Positionals {
  kNone,
  kOne,
  kAny,  // any number, none among them
  kTwo,
  kMany,     // one or more
  kCommand,  // everything from the first non-flag on belongs to the command to run
};

struct Usage {
  std::string_view synopsis;     // after "hfoffline NAME "
  std::string_view description;  // paragraphs separated by empty lines
  std::string_view examples;     // one per line
  std::span<const Flag> flags;
  bool takes_settings = false;  // also --config and the flags of config_keys.def
  Positionals positionals = Positionals::kNone;
  std::string_view words = "";  // what a positional may be, separated by blanks; "": a file
};

inline constexpr Flag kHelpFlag = {"help", "", "print this help", 'h'};
inline constexpr Flag kVersionFlag = {"version", "", "print the version"};
inline constexpr Flag kConfigFlag = {
    "config", "FILE",
    "the config file; default: $HFOFFLINE_CONFIG, else the nearest hfoffline.toml upward"};

// A flag as a help text or a completion shows it.
struct ShownFlag {
  std::string_view name;
  std::string_view value_name;
  std::string_view help;
  std::optional<Key> key;  // when the flag is a setting
  char letter = '\0';
  bool repeats = false;
};
// Every flag a command takes: its own, --config, the settings, --help, --version.
std::vector<ShownFlag> flags_of(const Usage& usage);

struct GivenFlag {
  std::string_view name;
  std::string_view value;  // a boolean: "true" or "false"
  std::optional<Key> key;
};

struct Arguments {
  std::vector<GivenFlag> flags;  // in the order given
  std::vector<std::string_view> positionals;

  bool has(std::string_view name) const;  // a boolean that is on
  bool given(std::string_view name) const;
  std::string_view value(std::string_view name) const;                // the last one, or ""
  std::vector<std::string_view> values(std::string_view name) const;  // all, in the order given
};

// --flag value, --flag=value, -f value; booleans: --flag, --flag=false, --no-flag. `--` ends the
// flags. The error's message says what is wrong and what is near ("unknown flag --modelsdir; did
// you mean --models-dir?").
absl::StatusOr<Arguments> parse_arguments(const Usage& usage,
                                          std::span<const std::string_view> texts);

}  // namespace hfoffline::cli
