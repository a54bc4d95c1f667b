// Findings gathered by what a reader asks for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/report.h"

namespace hfoffline::report {

enum class GroupBy : std::uint8_t {
  kHost,     // host and port; for what is not about a host, the path or the program
  kTest,     // the phases of a pytest test together
  kProcess,  // program and process id
};
// False if there is no such name.
bool parse_group_by(std::string_view name, GroupBy* group_by);

struct Group {
  Section section = Section::kNetwork;
  std::string label;  // as people read it, unescaped
  std::uint64_t count = 0;
  bool is_violation = false;             // something in it is
  bool only_earlier = true;              // every finding is of an attempt that was not the last
  std::vector<const Finding*> findings;  // most frequent first
};

// By section, then most frequent first; ties in the order of the findings. Points into `report`.
std::vector<Group> group_findings(const Report& report, GroupBy group_by);

// "huggingface.co:443", "[2001:db8::1]:443"; a path, a variable, a program.
std::string where_of(const Report& report, const Finding& finding);
std::string host_and_port(std::string_view host, std::int32_t port);
// "tests/test_a.py::test_b" of "tests/test_a.py::test_b (call)".
std::string_view test_without_phase(std::string_view test);
// The last component of a path.
std::string_view last_component(std::string_view path);
// "python3.11 (812)"
std::string process_of(const Report& report, const Finding& finding);
// "connect ENETUNREACH"
std::string operation_of(const Report& report, const Finding& finding);
// "1 request", "2 requests"
std::string plural(std::uint64_t count, std::string_view singular, std::string_view more);
// "shard-1 on ci-7", "run 65fe...": what tells a run from others.
std::string run_label(const Run& run);
// "2026-11-20 18:49:01", UTC; "" for -1.
std::string time_text(std::int64_t milliseconds);
std::string record_time(std::int64_t milliseconds);    // "2026-11-20T18:49:01.123Z"
std::string duration_text(std::int64_t milliseconds);  // "0.31 s", "12.3 s", "4:05 min"
std::string memory_text(std::int64_t kib);             // "812 MiB"

// Sentences about what was read: what is damaged, left out, or counted in another way.
std::vector<std::string> remarks(const Report& report);

}  // namespace hfoffline::report
