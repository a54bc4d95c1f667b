#include "catch.h"
#include "cli/fail_on.h"
#include "cli/since.h"
#include "report_test_support.h"

using namespace hfoffline::cli;
using namespace hfoffline::report;

namespace {

std::string since(std::string_view text) {
  std::string time = "?";
  // 2026-11-20T18:49:01Z
  return parse_since(text, 1795200541, &time) ? time : "";
}

}  // namespace

TEST_CASE("--since is a date, a time or how long ago") {
  CHECK(since("90s") == "2026-11-20T18:47:31.000Z");
  CHECK(since("30m") == "2026-11-20T18:19:01.000Z");
  CHECK(since("2h") == "2026-11-20T16:49:01.000Z");
  CHECK(since("7d") == "2026-11-13T18:49:01.000Z");
  CHECK(since("2026-11-20") == "2026-11-20T00:00:00.000Z");
  CHECK(since("2026-11-20T18:49") == "2026-11-20T18:49:00.000Z");
  CHECK(since("2026-11-20 18:49:01") == "2026-11-20T18:49:01.000Z");
  CHECK(since("2026-11-20T18:49:01Z") == "2026-11-20T18:49:01.000Z");
  CHECK(since("2026-11-20T18:49:01.123Z") == "2026-11-20T18:49:01.123Z");
  for (const char* wrong : {"", "s", "2", "-2h", "2w", "2026", "2026-11", "2026-13-01", "yesterday",
                            "2026-11-20T", "2026-11-20T18", "20/11/2026", "2026-11-20X18:49"})
    CHECK(since(wrong).empty());
}

TEST_CASE("--fail-on") {
  CHECK(
      unknown_fail_on("violation,any,lost,never,egress,name,write,probe,environment,exec").empty());
  CHECK(unknown_fail_on("violation,wrote") == "wrote");

  ReportBuilder none;
  CHECK(failures(none.finish(), "violation,any,lost,egress", false).empty());

  ReportBuilder builder;
  LineOf probe;
  probe.kind = "probe";
  probe.reason = "egress_probe";
  add(builder, probe);
  const Report& probes = builder.finish();
  CHECK(failures(probes, "never", false).empty());
  CHECK(failures(probes, "violation", false).empty());
  CHECK(failures(probes, "any", false) == "any");
  CHECK(failures(probes, "egress,probe", false) == "probe");

  ReportBuilder second;
  add(second, LineOf::write("/m"));
  second.add_line("nonsense", false);
  RunLine first = run_of("r1");
  RunLine retry = run_of("r2");
  first.worker = retry.worker = "w";
  retry.started = "2026-11-20T19:00:00.000Z";
  add(second, first);
  add(second, retry);
  const Report& retried = second.finish();
  CHECK(failures(retried, "violation,write,any", false).empty());
  CHECK(failures(retried, "violation,write,any", true) == "violation, write, any");
  CHECK(failures(retried, "lost", false) == "lost");
}
