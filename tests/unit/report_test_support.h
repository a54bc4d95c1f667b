// Lines of records for the tests of src/report.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "report/escape.h"
#include "report/formats.h"
#include "report/report.h"

namespace hfoffline::report {

struct LineOf {
  std::string time = "2026-11-20T18:49:01.123Z";
  std::string run = "r1";
  int pid = 7;
  std::string exe = "/usr/bin/python3.11";
  std::string test;
  std::string kind = "egress";
  std::string operation = "connect";
  std::string target = "10.1.2.3:443";
  std::string host = "10.1.2.3";
  int port = 443;
  std::string error = "ENETUNREACH";
  std::string verdict = "refuse";
  std::string reason = "egress_address";
  std::string rule = "default";
  std::uint64_t count = 1;

  static LineOf write(std::string path) {
    LineOf line;
    line.kind = "write";
    line.operation = "openat";
    line.target = std::move(path);
    line.host.clear();
    line.port = -1;
    line.error = "EROFS";
    line.reason = "protected_tree";
    line.rule = "--models-dir";
    return line;
  }

  static LineOf name(std::string host) {
    LineOf line;
    line.kind = "name";
    line.operation = "getaddrinfo";
    line.target = host;
    line.host = std::move(host);
    line.port = -1;
    line.error = "EAI_NONAME";
    line.reason = "egress_name";
    return line;
  }

  std::string text() const {
    const auto optional = [](const std::string& value) {
      return value.empty() ? std::string("null") : json(value);
    };
    return "{\"schema\":1,\"time\":" + json(time) + ",\"run\":" + json(run) +
           ",\"pid\":" + std::to_string(pid) + ",\"ppid\":1,\"tid\":" + std::to_string(pid) +
           ",\"exe\":" + json(exe) + ",\"argv0\":\"python3\",\"test\":" + optional(test) +
           ",\"kind\":" + json(kind) + ",\"op\":" + json(operation) +
           ",\"target\":" + json(target) + ",\"host\":" + optional(host) +
           ",\"port\":" + (port < 0 ? "null" : std::to_string(port)) +
           ",\"errno\":" + optional(error) + ",\"verdict\":" + json(verdict) +
           ",\"reason\":" + json(reason) + ",\"rule\":" + json(rule) +
           ",\"count\":" + std::to_string(count) + "}";
  }
};

inline RunLine run_of(const std::string& name) {
  RunLine run;
  run.run = name;
  run.version = "0.1.0";
  run.started = "2026-11-20T18:49:00.000Z";
  run.ended = "2026-11-20T18:50:00.000Z";
  run.machine = "ci-7";
  run.command = "pytest -q";
  run.mode = "refuse";
  run.wall_ms = 60000;
  run.user_ms = 50000;
  run.system_ms = 1000;
  run.peak_memory_kib = 200 * 1024;
  return run;
}

inline void add(ReportBuilder& builder, const LineOf& line) {
  builder.add_line(line.text(), false);
}
inline void add(ReportBuilder& builder, const RunLine& run) {
  std::string line = run_line(run);
  line.pop_back();
  builder.add_line(line, false);
}

inline std::string rendered(const Report& report, std::string_view format,
                            RenderOptions options = {}) {
  std::string text;
  {
    Output out([&](std::string_view piece) {
      text += piece;
      return true;
    });
    const Format* found = find_format(format);
    if (options.rows == 25) options.rows = found->rows;
    found->render(report, options, out);
  }
  return text;
}

}  // namespace hfoffline::report
