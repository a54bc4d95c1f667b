#include "cli/record_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/groups.h"
#include "report/line_reader.h"
#include "report/record_line.h"

namespace hfoffline::cli {
namespace {

RecordLine owned(const report::RefusalLine& line) {
  RecordLine result;
  result.kind = line.kind;
  result.operation = line.operation;
  result.target = line.target;
  result.host = line.host;
  result.port = line.port;
  result.test = line.test;
  result.program = report::last_component(line.exe);
  if (result.program.empty()) result.program = report::last_component(line.argv0);
  result.error = line.error;
  result.verdict = line.verdict;
  result.reason = line.reason;
  result.rule = line.rule;
  result.pid = line.pid;
  result.count = line.count;
  return result;
}

}  // namespace

RecordContents read_record(const std::string& path, std::uint64_t from, const std::string& run) {
  RecordContents contents;
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return contents;
  struct stat status;
  // A pipe or a device gives nothing back, or never ends (/dev/full).
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    contents.readable = true;
    if (static_cast<std::uint64_t>(status.st_size) >= from)
      lseek(descriptor, static_cast<off_t>(from), SEEK_SET);
    report::LineReader reader(descriptor);
    report::RefusalLine refusal;
    report::RunLine run_line;
    std::string_view line;
    while (reader.next(&line)) {
      if (line.empty() && !reader.was_cut()) continue;
      const report::ParsedLine parsed = report::parse_line(line, refusal, run_line);
      if (parsed.kind == report::LineKind::kDamaged || parsed.other_version) {
        ++contents.damaged;
      } else if (parsed.kind == report::LineKind::kRefusal && (run.empty() || refusal.run == run)) {
        contents.lines.push_back(owned(refusal));
      }
    }
  }
  close(descriptor);
  return contents;
}

}  // namespace hfoffline::cli
