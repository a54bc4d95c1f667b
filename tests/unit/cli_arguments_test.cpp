#include <algorithm>

#include "catch.h"
#include "cli/arguments.h"
#include "cli/command.h"

using namespace hfoffline;
using namespace hfoffline::cli;

namespace {

constexpr Flag kFlags[] = {{"strict", "", "be strict"}, {"output", "FILE", "where to", 'o'}};
constexpr Usage kCommandUsage = {.synopsis = "",
                                 .description = "",
                                 .examples = "",
                                 .flags = kFlags,
                                 .takes_settings = true,
                                 .positionals = Positionals::kCommand};
constexpr Usage kOneUsage = {.synopsis = "",
                             .description = "",
                             .examples = "",
                             .flags = kFlags,
                             .takes_settings = false,
                             .positionals = Positionals::kOne};

absl::StatusOr<Arguments> parse(const Usage& usage, std::vector<std::string_view> texts) {
  return parse_arguments(usage, texts);
}
std::string message_of(const Usage& usage, std::vector<std::string_view> texts) {
  const auto result = parse(usage, std::move(texts));
  return result.ok() ? "" : std::string(result.status().message());
}

}  // namespace

TEST_CASE("flags end at the command, whose own flags are left alone") {
  const auto result = parse(
      kCommandUsage, {"--strict", "--models-dir", "/m", "pytest", "--strict=no", "-x", "--", "-y"});
  REQUIRE(result.ok());
  CHECK(result->has("strict"));
  CHECK(result->value("models-dir") == "/m");
  CHECK(result->positionals ==
        std::vector<std::string_view>{"pytest", "--strict=no", "-x", "--", "-y"});
}

TEST_CASE("two dashes end the flags and are not part of the command") {
  const auto result = parse(kCommandUsage, {"--", "--strict"});
  REQUIRE(result.ok());
  CHECK_FALSE(result->has("strict"));
  CHECK(result->positionals == std::vector<std::string_view>{"--strict"});
}

TEST_CASE("a single dash and an empty text are no flags") {
  const auto result = parse(kCommandUsage, {"-", "--strict"});
  REQUIRE(result.ok());
  CHECK(result->positionals == std::vector<std::string_view>{"-", "--strict"});
  CHECK(parse(kOneUsage, {""}).ok());
}

TEST_CASE("values come behind a blank or an equals sign; the last one counts") {
  const auto result = parse(kOneUsage, {"--output=a", "x", "--output", "b=c"});
  REQUIRE(result.ok());
  CHECK(result->value("output") == "b=c");
  CHECK(result->flags.size() == 2);
  const auto with_letter = parse(kOneUsage, {"-o", "f", "x"});
  REQUIRE(with_letter.ok());
  CHECK(with_letter->value("output") == "f");
}

TEST_CASE("booleans take no word, and can be turned off") {
  CHECK_FALSE(parse(kOneUsage, {"--strict=false", "x"})->has("strict"));
  CHECK_FALSE(parse(kOneUsage, {"--strict", "--no-strict", "x"})->has("strict"));
  CHECK(parse(kOneUsage, {"--no-strict", "x"})->given("strict"));
  CHECK(parse(kOneUsage, {"--strict", "x"})->positionals.size() == 1);
}

TEST_CASE("settings know their key") {
  const auto result = parse(kCommandUsage, {"--allow", "a", "--allow=b:1", "--no-lock", "true"});
  REQUIRE(result.ok());
  REQUIRE(result->flags.size() == 3);
  CHECK(result->flags[0].key == Key::egress_allow);
  CHECK(result->flags[1].value == "b:1");
  CHECK(result->flags[2].key == Key::env_lock);
  CHECK(result->flags[2].value == "false");
}

TEST_CASE("mistakes are named, with what is near") {
  CHECK(message_of(kCommandUsage, {"--stric", "x"}) ==
        "unknown flag --stric; did you mean --strict?");
  CHECK(message_of(kCommandUsage, {"--xyzzy", "x"}) == "unknown flag --xyzzy");
  CHECK(message_of(kCommandUsage, {"--models-dir"}) == "--models-dir needs a value");
  CHECK(message_of(kCommandUsage, {"--models-dir", "--", "x"}) == "--models-dir needs a value");
  CHECK(message_of(kCommandUsage, {"--models-dir=", "x"}) == "--models-dir is empty");
  CHECK(message_of(kCommandUsage, {"--no-models-dir", "x"}) ==
        "unknown flag --no-models-dir; did you mean --models-dir?");
  CHECK(message_of(kCommandUsage, {"--quiet=1", "x"}) == "--quiet is true or false, not \"1\"");
  CHECK(message_of(kCommandUsage, {"-q", "x"}) ==
        "unknown flag -q; long flags start with two dashes");
  CHECK(message_of(kCommandUsage, {}) == "no command to run is given");
  CHECK(message_of(kOneUsage, {}) == "an argument is missing");
  Usage usage = kOneUsage;
  for (const std::string_view synopsis :
       {"FILE", "[FLAG]... FILE", "[--a | --b B] [FLAG]... FILE"}) {
    usage.synopsis = synopsis;
    CHECK(message_of(usage, {}) == "an argument is missing: FILE");
  }
  usage.synopsis = "[FLAG]... [CHECK]...";
  CHECK(message_of(usage, {}) == "an argument is missing");
  usage.synopsis = "[FLAG]... BASE NEW";
  usage.positionals = Positionals::kTwo;
  CHECK(message_of(usage, {"a"}) == "two arguments are needed: BASE NEW");
  CHECK(message_of(kOneUsage, {"a", "b"}) == "unexpected argument \"b\"");
  // Settings belong to commands that take them.
  CHECK(message_of(kOneUsage, {"--models-dir", "/m", "x"}) == "unknown flag --models-dir");
}

TEST_CASE("help is given whatever else is wrong behind it") {
  CHECK(parse(kCommandUsage, {"--help"})->has("help"));
  CHECK(parse(kOneUsage, {"-h"})->has("help"));
}

TEST_CASE("every command has a help text and unique flags") {
  for (const Command& command : commands()) {
    CAPTURE(command.name);
    CHECK_FALSE(command.help.empty());
    CHECK_FALSE(command.usage->description.empty());
    CHECK_FALSE(command.usage->examples.empty());
    std::vector<std::string_view> names;
    for (const ShownFlag& flag : flags_of(*command.usage)) names.push_back(flag.name);
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  }
}
