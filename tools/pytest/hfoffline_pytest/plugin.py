"""What pytest loads: the options, the run, and who is to blame for what was refused.

docs/pytest.md says how to use it. Without --models-dir or --hfoffline-config, and outside of a run, only the fixtures,
the marks and the baselines are there.
"""

import atexit
import os
import sys
from typing import Dict, List, Optional, Set

import pytest

from . import determinism, failure, launch, summary
from .baselines import Baselines, output_baseline, perf_baseline  # noqa: F401 -- fixtures
from .models import models_dir, offline_model  # noqa: F401 -- fixtures
from .options import Settings, add_options
from .record import RecordReader
from .shim import Shim
from .watch import COLLECTION, Refusal, Watch, describe

MARKS = (
    "network(reason): the test needs the network; it is skipped in a run of hfoffline",
    'allow_egress("host:port", ...): the test may reach these hosts, and nothing else does; each request is recorded',
)
NEEDS_NETWORK = "needs the network"
_TEST_VARIABLE = "HFOFFLINE_TEST"  # as PYTEST_CURRENT_TEST, for what is no test; children inherit it
_WORKER_CLAIMS = "hfoffline_claims"
_WORKER_DURING = "hfoffline_during"
_WORKER_BASELINES = "hfoffline_baselines"
_WORKER_HYGIENE = "hfoffline_hygiene"


def pytest_addoption(parser) -> None:
    add_options(parser)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config):
    # Outermost, so that nobody captures output yet, and no conftest.py is imported.
    settings = Settings(early_config, early_config.known_args_namespace)
    shim = launch.enter_run(settings)
    watch = Watch(shim, settings.egress) if shim is not None else None
    early_config._hfoffline_start = (shim, watch)
    if watch is not None and launch.is_command_line():
        # Before the tests' libraries are imported, and so after what they have registered.
        atexit.register(_look_at_exit, early_config)
    with _Label("conftest.py" + COLLECTION, watch):
        yield
    if watch is not None:
        watch.look("a conftest.py or a plugin, while it was imported")


def pytest_configure(config) -> None:
    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    shim, watch = getattr(config, "_hfoffline_start", None) or _start_late(config)
    session = Session(config, shim, watch)
    config._hfoffline = session
    config.pluginmanager.register(session, "hfoffline_session")
    if session.settings.strict_tests:
        from . import hygiene

        config.pluginmanager.register(hygiene.Collected(), "hfoffline_collected")
    if session.settings.deterministic:
        config.pluginmanager.register(Seeds(), "hfoffline_seeds")
    if watch is not None and session.settings.egress != "ignore":
        config.pluginmanager.register(Blame(session, watch), "hfoffline_blame")


def _look_at_exit(config) -> None:
    session = getattr(config, "_hfoffline", None)
    if session is not None and session.look_again():
        os._exit(int(pytest.ExitCode.TESTS_FAILED))  # nothing else changes the exit code from here


def _start_late(config):
    """Where a conftest.py names this plugin in pytest_plugins: too late to start a run, but not to look at one."""
    settings = Settings(config)
    shim = launch.find_shim_or_stop()
    if shim is None and settings.wants_run:
        raise pytest.UsageError("hfoffline: the plugin was loaded by a conftest.py, too late to start a run; install it, or"
                                " give -p hfoffline_pytest.plugin")
    return shim, Watch(shim, settings.egress) if shim is not None else None


class _Label:
    """Names what runs where no test does."""

    def __init__(self, label: str, watch: Optional[Watch]) -> None:
        self._label = label
        self._watch = watch

    def __enter__(self) -> None:
        if self._watch is None:
            return
        self._before = os.environ.get(_TEST_VARIABLE)
        os.environ[_TEST_VARIABLE] = self._label

    def __exit__(self, *details) -> None:
        if self._watch is None:
            return
        if self._before is None:
            os.environ.pop(_TEST_VARIABLE, None)
        else:
            os.environ[_TEST_VARIABLE] = self._before


class Session:
    """What a session does whether something is refused or not."""

    def __init__(self, config, shim: Optional[Shim], watch: Optional[Watch]) -> None:
        self.config = config
        self.shim = shim
        self.watch = watch
        self.settings = Settings(config)
        self.is_worker = hasattr(config, "workerinput")
        self.baselines = Baselines(self.settings)
        self.hygiene: List[str] = []
        self.claims: Dict[int, str] = {}  # which line of the record is whose
        self.during: Dict[int, str] = {}  # and what ran in a worker when a line came that is not this test's
        self.skipped_for_network = 0
        self.findings: Optional[summary.Findings] = None
        self._session: Optional[pytest.Session] = None  # from its end on
        self._shown: Set[int] = set()  # lines that are nobody's, and were told of
        if watch is not None:
            watch.is_worker = self.is_worker

    def pytest_report_header(self) -> Optional[str]:
        if self.shim is None:
            return None
        egress = "" if self.settings.egress == "fail" else ", egress={}".format(self.settings.egress)
        return "hfoffline: {}{}".format(
            "models dir {}".format(self.shim.models_dir) if self.shim.models_dir else "no models dir", egress)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items) -> None:
        if self.shim is None:
            return
        for item in items:
            mark = item.get_closest_marker("network")
            if mark is None:
                continue
            reason = mark.args[0] if mark.args else mark.kwargs.get("reason", "")
            item.add_marker(pytest.mark.skip(reason=NEEDS_NETWORK + (": {}".format(reason) if reason else "")))
        if any("allow_egress" in item.keywords for item in items):
            self.config.pluginmanager.register(Allowances(self.shim), "hfoffline_allowances")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session) -> None:
        if not self.settings.strict_tests:
            return
        if self.is_worker and self.config.workerinput.get("workerid") != "gw0":
            return  # they all collect the same
        if self.config.pluginmanager.hasplugin("dsession"):
            return  # the workers collect
        from . import hygiene

        self.hygiene = hygiene.look(session)

    def pytest_runtest_logreport(self, report) -> None:
        self.claims.update(getattr(report, "_hfoffline_claims", ()))
        if report.skipped and report.when == "setup" and isinstance(report.longrepr, tuple):
            if NEEDS_NETWORK in report.longrepr[2]:
                self.skipped_for_network += 1

    def pytest_collectreport(self, report) -> None:
        self.claims.update(getattr(report, "_hfoffline_claims", ()))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node) -> None:
        output = getattr(node, "workeroutput", None) or {}
        self.claims.update(output.get(_WORKER_CLAIMS, ()))
        self.during.update(output.get(_WORKER_DURING, ()))
        self.baselines.merge(output.get(_WORKER_BASELINES))
        self.hygiene += output.get(_WORKER_HYGIENE, ())

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session) -> None:
        if self.is_worker:
            output = self.config.workeroutput
            output[_WORKER_BASELINES] = self.baselines.measured
            output[_WORKER_HYGIENE] = self.hygiene
            if self.watch is not None:
                self.watch.look("")
                output[_WORKER_CLAIMS] = list(self.watch.claimed.items())
                output[_WORKER_DURING] = list(self.watch.during.items())
            return
        failed = not self.baselines.write() or bool(self.hygiene)
        if self.settings.strict_tests and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            self.hygiene.append("no test was collected")
        if self.watch is not None and self.settings.egress != "ignore":
            self._session = session
            self.findings = self._find()
            self._shown = {line["at"] for line in self.findings.unclaimed}
            failed = failed or bool(self.settings.egress == "fail" and self.findings.unclaimed)
        # What pytest has to say about it comes first.
        if failed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _find(self) -> summary.Findings:
        self.watch.look("")
        reader = RecordReader(self.watch.reader.path, self.shim.run, self.watch.reader.start)
        return summary.Findings(self.watch.early + list(reader.new_lines()), self.claims, self.watch.foreign,
                                {**self.watch.during, **self.during})

    def look_again(self) -> bool:
        """Tells of what came after the summary. True if the session fails for it, and would not have without."""
        if self._session is None:
            return False
        late = [line for line in self._find().unclaimed if line["at"] not in self._shown]
        if not late:
            return False
        self._shown.update(line["at"] for line in late)
        fails = self.settings.egress == "fail" and self._session.exitstatus == pytest.ExitCode.OK
        texts = ["hfoffline: tried to leave the machine when the tests had ended:"] + summary.render(summary.group(late))
        if fails:
            texts.append("The session fails for it.")
        try:
            sys.stdout.flush()
            sys.stderr.write("\n".join(texts) + "\n")
            sys.stderr.flush()
        except (AttributeError, OSError, ValueError):  # closed
            pass
        return fails

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        if self.look_again():
            self._session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter) -> None:
        self._show_findings(terminalreporter)
        if self.hygiene:
            terminalreporter.section("hfoffline: tests that prove nothing (--strict-tests)", red=True)
            for line in sorted(self.hygiene):
                terminalreporter.write_line(line)
        self.baselines.show(terminalreporter)

    def _show_findings(self, terminalreporter) -> None:
        findings = self.findings
        if findings is None:
            return
        parts = (
            (findings.refused, "tried to leave the machine:", {"red" if self.settings.egress == "fail" else "yellow": True}),
            (findings.audited, "let through, because of mode = \"audit\":", {"yellow": True}),
            (findings.writes, "tried to write below a protected tree (no failure by itself):", {}),
            (findings.allowed, "let through, because of the mark allow_egress:", {}),
        )
        if not any(groups for groups, _, _ in parts) and not self.skipped_for_network:
            return
        terminalreporter.section("hfoffline")
        for groups, title, colour in parts:
            if not groups:
                continue
            terminalreporter.write_line(title, **colour)
            for line in summary.render(groups):
                terminalreporter.write_line(line)
            if groups is findings.refused and findings.unclaimed and self.settings.egress == "fail":
                terminalreporter.write_line("The session fails: for some of this its test had ended, or there was none.", **colour)
        if self.skipped_for_network:
            count = self.skipped_for_network
            terminalreporter.write_line("{} test{} marked network and skipped".format(count, " was" if count == 1 else "s were"))


class Seeds:
    """--deterministic."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        determinism.seed()


class Allowances:
    """The mark allow_egress."""

    def __init__(self, shim: Shim) -> None:
        self._shim = shim

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item) -> None:
        for mark in item.iter_markers("allow_egress"):
            if not mark.args:
                pytest.fail('hfoffline: allow_egress needs at least one "HOST:PORT"', pytrace=False)
            for rule in mark.args:
                problem = self._shim.allow_in_test(item.nodeid, str(rule))
                if problem:
                    pytest.fail('hfoffline: allow_egress("{}"): {}'.format(rule, problem), pytrace=False)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        yield
        if "allow_egress" in item.keywords:
            self._shim.end_test(item.nodeid)


class Blame:
    """Gives each refusal to the test, the fixture or the collection that caused it."""

    def __init__(self, session: Session, watch: Watch) -> None:
        self._session = session
        self._watch = watch
        self._directory = str(session.config.invocation_params.dir)

    def _text(self, refusals: List[Refusal], lost: int, what: str) -> str:
        return describe(refusals, lost, what, self._directory, self._watch.is_worker)

    # ---- Collection

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector):
        watch = self._watch
        node = (collector.nodeid or "session") + COLLECTION
        watch.node = node  # what conftest.py files did is still pending: the session is to blame
        with _Label(node, watch):
            outcome = yield
        refusals = watch.take()
        if not refusals:
            return
        report = outcome.get_result()
        report._hfoffline_claims = watch.claims(refusals)
        if self._session.settings.egress != "fail":
            return
        text = self._text(refusals, 0, "importing this" if collector.nodeid else "the start of the session")
        if report.outcome == "failed":
            report.sections.append(("hfoffline", text))
        else:
            report.outcome = "failed"
            # xdist shows what all workers say once if it is the same text.
            report.longrepr = text if watch.is_worker else failure.named(text, refusals, (collector.nodeid, None, ""))
            report.result = []

    def pytest_collection_finish(self, session) -> None:
        self._watch.tests = {item.nodeid for item in session.items}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids) -> None:
        self._watch.tests.update(ids)  # this process collects nothing itself

    # ---- Tests

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        self._watch.begin(item.nodeid)
        yield
        self._watch.node = None

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        self._watch.look("")
        yield
        self._watch.look(("set up", fixturedef))

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_post_finalizer(self, fixturedef) -> None:
        self._watch.look(("torn down", fixturedef))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        watch = self._watch
        refusals = watch.take()
        lost = watch.lost()
        if not refusals and not lost:
            yield
            return
        text = self._text(refusals, lost, "the {} of this test".format(call.when) if call.when != "call" else "this test")
        ours = None
        if self._session.settings.egress == "fail":
            if call.excinfo is not None and isinstance(call.excinfo.value, pytest.skip.Exception):
                # It tried, and skipped itself because it could not.
                text += "\n  and then skipped itself: {}".format(call.excinfo.value)
                call.excinfo = None
            if call.excinfo is None:
                ours = call.excinfo = _failure(text)
        outcome = yield
        report = outcome.get_result()
        report._hfoffline_claims = watch.claims(refusals)
        if ours is None or call.excinfo is not ours:
            report.sections.append(("hfoffline", text))
        elif report.failed:
            report.longrepr = failure.named(text, refusals, item.location)


def _failure(text: str):
    try:
        pytest.fail(text, pytrace=False)
    except pytest.fail.Exception:
        return pytest.ExceptionInfo.from_current()
