#include <cstdlib>
#include <map>

#include "catch.h"
#include "cli/child_environment.h"
#include "cli/help.h"
#include "cli/hosts_lookup.h"
#include "cli/probe_report.h"
#include "cli/run_settings.h"
#include "cli/shell_quote.h"
#include "cli/string_tools.h"

using namespace hfoffline;
using namespace hfoffline::cli;

namespace {

PlannedVariable planned(bool set, std::string_view text) {
  PlannedVariable variable;
  variable.set = set;
  variable.text = text;
  variable.name = text.substr(0, text.find('='));
  variable.value = set ? text.substr(variable.name.size() + 1) : "";
  return variable;
}

std::vector<std::string> entries(ChildEnvironment& environment) {
  std::vector<std::string> result;
  for (char* const* entry = environment.entries(); *entry != nullptr; ++entry)
    result.emplace_back(*entry);
  return result;
}

}  // namespace

TEST_CASE("the plan is applied over the parent's environment") {
  PlannedVariable variables[] = {planned(true, "A=new"), planned(false, "B"), planned(true, "C=c")};
  EnvironmentPlan plan;
  plan.variables = variables;
  plan.count = 3;
  const char* const parent[] = {
      "KEPT=1",     "A=old", "A=older", "B=x", "BB=2", "HFOFFLINE_POLICY=p", "HFOFFLINE_CHECKIN=9",
      "LD_AUDIT=x", "odd",   nullptr};
  ChildEnvironment environment(parent, plan);
  CHECK(entries(environment) == std::vector<std::string>{"KEPT=1", "BB=2", "odd", "A=new", "C=c"});
  CHECK(std::string(environment.get("A")) == "new");
  CHECK(environment.get("B") == nullptr);
  CHECK(environment.get("odd") == nullptr);
  environment.set("D", "d");
  environment.set("D", "e");
  environment.remove("C");
  CHECK(entries(environment) == std::vector<std::string>{"KEPT=1", "BB=2", "odd", "A=new", "D=e"});
}

TEST_CASE("the shim is preloaded first, once, and others keep their order") {
  const std::map<std::string, std::string> expected = {{"", "/s"},
                                                       {"LD_PRELOAD=", "/s"},
                                                       {"LD_PRELOAD=/a:/b", "/s:/a:/b"},
                                                       {"LD_PRELOAD= /a  /b:", "/s:/a:/b"},
                                                       {"LD_PRELOAD=/a:/s", "/s:/a"}};
  for (const auto& [entry, value] : expected) {
    const char* const parent[] = {entry.empty() ? nullptr : entry.c_str(), nullptr};
    ChildEnvironment environment(parent, EnvironmentPlan());
    environment.preload("/s");
    CHECK(environment.get("LD_PRELOAD") == value);
  }
  CHECK(preload_names("/a /s", "/s"));
  CHECK_FALSE(preload_names("/a:/ss", "/s"));
}

TEST_CASE("ASan's option comes last, where it wins") {
  const char* const parent[] = {"ASAN_OPTIONS=verify_asan_link_order=1:x=2", nullptr};
  ChildEnvironment environment(parent, EnvironmentPlan());
  environment.allow_asan_behind_shim();
  CHECK(std::string(environment.get("ASAN_OPTIONS")) ==
        "verify_asan_link_order=1:x=2:verify_asan_link_order=0");
  ChildEnvironment empty(nullptr, EnvironmentPlan());
  empty.allow_asan_behind_shim();
  CHECK(std::string(empty.get("ASAN_OPTIONS")) == "verify_asan_link_order=0");
}

TEST_CASE("words survive a shell") {
  CHECK(shell_quote("/a/b-c_d.e:f,g+h@i%j=k") == "/a/b-c_d.e:f,g+h@i%j=k");
  CHECK(shell_quote("") == "''");
  CHECK(shell_quote("a b") == "'a b'");
  CHECK(shell_quote("it's") == "'it'\\''s'");
  CHECK(shell_quote("~") == "'~'");
  CHECK(shell_quote("a\nb") == "'a\nb'");
  CHECK(is_shell_name("_A1"));
  for (const std::string_view name : {"", "1A", "A-B", "A B", "\u00c4"})
    CHECK_FALSE(is_shell_name(name));
}

TEST_CASE("variables that nothing reads are found, with what was meant") {
  const char* const environment[] = {"HFOFFLINE_MODEL_DIR=/x",
                                     "HFOFFLINE_MODELS_DIR=/x",
                                     "HFOFFLINE_CONFIG=",
                                     "HFOFFLINE_XYZZY=1",
                                     "HFOFFLINER=1",
                                     "HFOFFLINE_SHIM=/s",
                                     "HFOFFLINE_TEST=t",
                                     "HFOFFLINE_ALLOW=a",
                                     nullptr};
  const auto unknown = unknown_variables(environment);
  REQUIRE(unknown.size() == 2);
  CHECK(unknown[0].name == "HFOFFLINE_MODEL_DIR");
  CHECK(unknown[0].suggestion == "HFOFFLINE_MODELS_DIR");
  CHECK(unknown[1].name == "HFOFFLINE_XYZZY");
  CHECK(unknown_variables(nullptr).empty());
}

TEST_CASE("the hosts file is read line by line") {
  const std::string_view text =
      "127.0.0.1 localhost # here\n\n#10.0.0.9 commented\n  10.0.0.1\tdb.local  DB\n::1 ip6 "
      "db\n999.1.1.1 bad\n10.0.0.2 late";
  const auto entries = find_in_hosts(text, "db.");
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].line == 4);
  CHECK(entries[1].line == 5);
  CHECK(find_in_hosts(text, "commented").empty());
  CHECK(find_in_hosts(text, "here").empty());
  CHECK(find_in_hosts(text, "bad").empty());
  CHECK(find_in_hosts(text, "late").size() == 1);
  CHECK(find_in_hosts("", "x").empty());
}

TEST_CASE("the probe's report is read, and noise is not") {
  const auto steps = parse_probe_report(
      "inside\tok\t0.000\t0.1.0\nsome library's "
      "chatter\noutside\tfailed\t12.500\tno\nx\tmaybe\t1\t-\ny\tok\tsoon\t-\n");
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].ok);
  CHECK(steps[0].detail == "0.1.0");
  CHECK_FALSE(steps[1].ok);
  CHECK(steps[1].milliseconds == 12.5);
}

TEST_CASE("text is wrapped at blanks, and long words are left whole") {
  CHECK(wrap("one two three", 7, 2) == "one two\n  three");
  CHECK(wrap("a " + std::string(20, 'x') + " b", 8, 0) == "a\n" + std::string(20, 'x') + "\nb");
  CHECK(wrap("", 8, 0).empty());
}

TEST_CASE("texts are split and stripped") {
  CHECK(split("a::b", ":") == std::vector<std::string_view>{"a", "", "b"});
  CHECK(split("", ":") == std::vector<std::string_view>{""});
  CHECK(split_skipping_empty(" a  b ", " ") == std::vector<std::string_view>{"a", "b"});
  CHECK(strip_blanks(" \t a b\n") == "a b");
  CHECK(strip_blanks(" \n").empty());
  CHECK(cat("a", 1, std::string("b"), std::string_view("c")) == "a1bc");
}
