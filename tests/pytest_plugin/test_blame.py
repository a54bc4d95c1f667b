"""Who is blamed for a refusal: the test, the fixture or the collection that caused it, and nobody else."""
import os
import re
import sys

import pytest
from conftest import LEAK


def section(outcome):
    """The plugin's last section, by test: {"test_it.py::test_a": [entry, ...]}."""
    match = re.search(r"(?ms)^=+ hfoffline =+\n(.*?)(?=^=+ |\Z)", outcome.out)
    found, test = {}, None
    for line in (match.group(1) if match else "").splitlines():
        if line.startswith("    "):
            found[test].append(line.strip())
        elif line.startswith("  "):
            test = line.strip()
            found[test] = []
    return found


def hosts(outcome, test):
    return [entry.split()[0] for entry in section(outcome).get(test, []) if not entry.startswith("while ")]


def test_a_test_that_swallows_the_exception_fails(project):
    project.tests("""
    def test_leaks():
        assert leak("192.0.2.1", 443) != 0
    def test_raises():
        socket.create_connection(("hub.example", 443))
    def test_innocent():
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()).close()
        assert socket.getaddrinfo("localhost", 80)
    """)
    outcome = project.pytest()
    assert outcome.code == 1, outcome.text
    assert outcome.results() == {"test_leaks": {"FAILED"}, "test_raises": {"FAILED"}, "test_innocent": {"PASSED"}}
    assert "192.0.2.1:443: connect -> ENETUNREACH" in outcome.out
    assert re.search(r"by pytest itself \(python\S*, pid \d+\)", outcome.out)
    # The stack: where the test is, and where it went.
    assert "test_it.py:14 in test_leaks\n      test_it.py:7 in leak\n" in outcome.out, outcome.text
    assert "FAILED test_it.py::test_leaks - 192.0.2.1:443: refused" in outcome.out
    # The program's own failure is shown with what hfoffline knows about it.
    assert "gaierror" in outcome.out and "hub.example: getaddrinfo -> EAI_NONAME" in outcome.out
    assert hosts(outcome, "test_it.py::test_leaks") == ["192.0.2.1:443"]
    assert hosts(outcome, "test_it.py::test_raises") == ["hub.example"]


@pytest.mark.parametrize("what, code, result, shown", [
    ("fail", 1, "FAILED", True), ("warn", 0, "PASSED", True), ("ignore", 0, "PASSED", False)])
def test_egress_says_what_becomes_of_it(project, what, code, result, shown):
    project.tests("def test_leaks(): leak()")
    outcome = project.pytest("--egress", what)
    assert outcome.code == code, outcome.text
    assert outcome.results() == {"test_leaks": {result}}
    assert bool(section(outcome)) == shown


def test_threads_and_child_processes_are_the_tests_own(project):
    project.tests("""
    def test_thread():
        thread = threading.Thread(target=leak, args=("192.0.2.2",))
        thread.start()
        thread.join()
    def test_child():
        child("192.0.2.3")
    def test_grandchild():
        subprocess.run(["sh", "-c", '%s -c "import socket; socket.socket().connect_ex((\\'192.0.2.4\\', 443))"; true' % sys.executable])
    def test_child_without_environment():
        child("192.0.2.5", env={})
    def test_fork():
        pid = os.fork()
        if pid == 0:
            leak("192.0.2.6")
            os._exit(0)
        os.waitpid(pid, 0)
    def test_innocent():
        pass
    """)
    outcome = project.pytest()
    names = ["test_thread", "test_child", "test_grandchild", "test_child_without_environment", "test_fork"]
    assert outcome.results() == {**{name: {"FAILED"} for name in names}, "test_innocent": {"PASSED"}}, outcome.text
    for number, name in enumerate(names, 2):
        address = "192.0.2.{}".format(number)
        assert [host.split(":")[0] for host in hosts(outcome, "test_it.py::" + name)] == [address], outcome.text
    assert outcome.out.count("a child process (pid ") == 4
    assert re.search(r"by pytest itself \(python\S*, pid \d+, thread \d+\)\n      test_it.py:7 in leak", outcome.out)


@pytest.mark.parametrize("scope", ["function", "class", "module", "package", "session"])
def test_fixtures_of_any_scope_are_named(project, scope):
    project.tests("""
    @pytest.fixture(scope="%s")
    def server():
        leak("192.0.2.10")
        yield
        child("192.0.2.11")
    @pytest.fixture
    def user(server):
        pass
    def test_one(user):
        pass
    def test_two():
        pass
    """ % scope)
    outcome = project.pytest()
    assert outcome.code == 1, outcome.text
    assert "in fixture server ({} scope), set up".format(scope) in outcome.out, outcome.text
    assert "in fixture server ({} scope), torn down".format(scope) in outcome.out
    assert "fixture user" not in outcome.out
    assert outcome.results()["test_one"] >= {"ERROR"}
    assert "ERROR at setup of test_one" in outcome.out
    # pytest takes a fixture down with the last test that may use it.
    last = "test_one" if scope in ("function", "class") else "test_two"
    assert "ERROR at teardown of " + last in outcome.out


def test_a_fixture_that_is_asked_for_inside_a_test_is_named(project):
    project.tests("""
    @pytest.fixture
    def lazy():
        leak("192.0.2.12")
    def test_it(request):
        request.getfixturevalue("lazy")
        leak("192.0.2.13")
    """)
    out = project.pytest().out
    blamed = out[out.index("192.0.2.12:80: connect"):]
    assert "in fixture lazy" in blamed[:blamed.index("192.0.2.13:80: connect")], out
    assert "in fixture lazy" not in blamed[blamed.index("192.0.2.13:80: connect"):]


def test_a_late_child_is_its_tests_and_nobody_elses(project):
    project.tests("""
    import time
    children = []
    def test_starts_it():
        code = "import socket, time; time.sleep(1); socket.socket().connect_ex(('192.0.2.14', 443))"
        children.append(subprocess.Popen([sys.executable, "-c", code]))
    def test_innocent():
        children[0].wait()
    """)
    outcome = project.pytest()
    assert outcome.results() == {"test_starts_it": {"PASSED"}, "test_innocent": {"PASSED"}}, outcome.text
    assert outcome.code == 1
    assert hosts(outcome, "test_it.py::test_starts_it  (when it had ended)") == ["192.0.2.14:443"], outcome.text
    assert project.pytest("--egress=warn").code == 0


# Two forks and a session of its own, so that nothing leads back to pytest.
DAEMON = """
    import time
    def daemon(host, seconds=0, **options):
        code = ("import os, socket, time\\n"
                "if os.fork() == 0:\\n"
                " os.setsid()\\n"
                " if os.fork() == 0:\\n"
                "  time.sleep(%r)\\n"
                "  socket.socket().connect_ex((%r, 443))\\n"
                "  open('leaked', 'w').close()\\n"
                " os._exit(0)\\n"
                "os.wait()" % (seconds, host))
        subprocess.run([sys.executable, "-c", code], **options)
    def wait():
        while not os.path.exists("leaked"):
            time.sleep(0.01)
"""
WORKERS = pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])


@WORKERS
def test_a_daemon_is_its_tests(project, xdist, workers):
    project.tests(DAEMON + """
    def test_starts_it():
        daemon("192.0.2.46")
        wait()
    """)
    outcome = project.pytest(*workers)
    assert outcome.results() == {"test_starts_it": {"FAILED"}}, outcome.text
    assert hosts(outcome, "test_it.py::test_starts_it") == ["192.0.2.46:443"], outcome.text


@WORKERS
def test_a_daemon_that_outlives_its_test_fails_the_session(project, xdist, workers):
    project.tests(DAEMON + """
    def test_starts_it():
        daemon("192.0.2.47", 1)
    def test_waits():
        wait()
    """)
    outcome = project.pytest(*workers)
    assert outcome.results() == {"test_starts_it": {"PASSED"}, "test_waits": {"PASSED"}}, outcome.text
    assert outcome.code == 1, outcome.text
    assert hosts(outcome, "test_it.py::test_starts_it  (when it had ended)") == ["192.0.2.47:443"], outcome.text
    assert "The session fails" in outcome.out


@WORKERS
def test_a_daemon_without_environment_is_not_lost(project, xdist, workers):
    project.tests(DAEMON + """
    def test_starts_it():
        daemon("192.0.2.48", env={})
        wait()
    """)
    outcome = project.pytest(*workers)
    assert outcome.code == 1, outcome.text
    blamed = "outside of any test" if workers else "test_it.py::test_starts_it"  # which worker's it was, nobody can tell
    assert hosts(outcome, blamed) == ["192.0.2.48:443"], outcome.text


@WORKERS
def test_a_server_of_processes_is_named_with_what_ran(project, xdist, workers):
    project.tests("""
    import multiprocessing
    def start(host):
        process = multiprocessing.get_context("forkserver").Process(target=leak, args=(host,))
        process.start()
        process.join()
    @pytest.mark.xdist_group("together")
    def test_first():
        start("192.0.2.49")
    @pytest.mark.xdist_group("together")
    def test_second():
        start("192.0.2.50")
    """)
    outcome = project.pytest(*workers, *(["--dist=loadgroup"] if workers else []))
    suffix = "@together" if workers else ""
    entries = section(outcome).get("test_it.py::test_first{}  (when it had ended)".format(suffix))
    assert outcome.code == 1 and entries is not None, outcome.text
    assert [entry.split()[0] for entry in entries] == ["192.0.2.49:80", "192.0.2.50:80", "while"], outcome.text
    assert entries[2] == "while test_it.py::test_second{} ran".format(suffix)


@WORKERS
def test_a_retry_loop_in_an_expected_failure_fails_nothing(project, xdist, workers):
    project.tests("""
    @pytest.mark.xfail
    def test_retries():
        for _ in range(7):  # not a power of two: the process says so when it ends
            leak("192.0.2.51")
        assert False
    """)
    outcome = project.pytest(*workers)
    assert outcome.code == 0, outcome.text
    assert hosts(outcome, "test_it.py::test_retries") == ["192.0.2.51:80"], outcome.text
    assert "The session fails" not in outcome.out


@WORKERS
@pytest.mark.parametrize("when", ["def pytest_sessionfinish(): leak('192.0.2.53')",
                                  "def pytest_terminal_summary(): leak('192.0.2.53')",
                                  "def pytest_unconfigure(): leak('192.0.2.53')",
                                  "import atexit; atexit.register(leak, '192.0.2.53')"],
                         ids=["at its end", "in the summary", "after it", "when Python ends"])
def test_what_happens_when_the_tests_have_ended_fails_the_session(project, xdist, workers, when):
    project.write("conftest.py", LEAK + when + "\n")
    project.tests("def test_innocent(): pass\n")
    outcome = project.pytest("-q", *workers)
    assert outcome.code == 1 and "1 passed" in outcome.out, outcome.text
    assert "    192.0.2.53:80  connect ENETUNREACH" in outcome.out + outcome.err, outcome.text
    assert "The session fails" in outcome.out + outcome.err
    outcome = project.pytest("-q", "--egress=warn", *workers)
    assert outcome.code == 0 and "The session fails" not in outcome.out + outcome.err, outcome.text
    assert "    192.0.2.53:80  connect ENETUNREACH" in outcome.out + outcome.err, outcome.text


def test_a_failure_keeps_its_exit_code_when_python_ends(project):
    project.write("conftest.py", LEAK + "import atexit; atexit.register(leak)\n")
    outcome = project.pytest("-q")  # no test at all
    assert outcome.code == 5 and "when the tests had ended:\n" in outcome.err, outcome.text
    program = project.write("program.py", """
        import pytest
        pytest.main(["-q"])
        """)
    project.tests("def test_innocent(): pass\n")
    outcome = project.run("--models-dir", project.models, "--", sys.executable, program)
    assert outcome.code == 0, outcome.text  # the program's own


def test_importing_a_test_file_is_its_collection(project):
    project.tests("def test_innocent(): pass", name="test_a.py")
    project.tests("child('192.0.2.15')\nleak('192.0.2.16')\ndef test_never_run(): pass", name="test_b.py")
    outcome = project.pytest()
    assert outcome.code == 2, outcome.text
    assert "ERROR collecting test_b.py" in outcome.out
    assert "ERROR collecting test_a.py" not in outcome.out
    assert hosts(outcome, "test_b.py (collection)") == ["192.0.2.15:443", "192.0.2.16:80"]
    assert "test_b.py:13 in <module>" in outcome.out
    assert [line["test"] for line in outcome.record] == []
    assert project.pytest("--egress=warn").results() == {"test_innocent": {"PASSED"}, "test_never_run": {"PASSED"}}
    assert project.pytest("--collect-only").code == 2


def test_importing_a_conftest_is_the_collection_too(project):
    project.tests("leak('192.0.2.17')", name="conftest.py")
    project.tests("def test_innocent(): pass")
    outcome = project.pytest()
    assert outcome.code == 2, outcome.text
    assert "a conftest.py or a plugin, while it was imported" in outcome.out
    assert "conftest.py:12 in <module>" in outcome.out, outcome.text
    assert hosts(outcome, "conftest.py (collection)") == ["192.0.2.17:80"]


def test_importing_another_plugin_is_the_collection_too(project):
    project.tests("leak('192.0.2.19')", name="leaking_plugin.py")
    project.tests("def test_innocent(): pass")
    outcome = project.pytest("-p", "leaking_plugin", env={"PYTHONPATH": "{}:{}".format(project.site, project.directory)})
    assert outcome.code == 2, outcome.text
    assert "192.0.2.19:80: connect" in outcome.out and "a plugin of pytest, while it was imported" in outcome.out, outcome.text
    assert hosts(outcome, "plugins (collection)") == ["192.0.2.19:80"], outcome.text


def test_the_record_names_the_collection(project):
    project.tests("child('192.0.2.18')\ndef test_it(): pass")
    project.write("hfoffline.toml", '[record]\nfile = "record.jsonl"\n')
    assert [line["test"] for line in project.pytest().record] == ["test_it.py (collection)"]


def test_workers_blame_each_their_own(project, xdist):
    project.tests("""
    import time
    @pytest.mark.parametrize("number", range(8))
    def test_innocent(number):
        time.sleep(0.2)
    @pytest.mark.parametrize("number", range(8))
    def test_leaks(number):
        leak("192.0.2.%d" % (20 + number))
        child("192.0.2.%d" % (20 + number), env={})
        time.sleep(0.1)
    """)
    outcome = project.pytest("-n", "2")
    assert outcome.code == 1, outcome.text
    expected = {"test_innocent[{}]".format(n): {"PASSED"} for n in range(8)}
    expected.update({"test_leaks[{}]".format(n): {"FAILED"} for n in range(8)})
    assert outcome.results() == expected
    for n in range(8):
        address = "192.0.2.{}".format(20 + n)
        assert hosts(outcome, "test_it.py::test_leaks[{}]".format(n)) == [address + ":80", address + ":443"], outcome.text


def test_what_all_workers_collect_is_said_once(project, xdist):
    project.tests("leak('192.0.2.29')\ndef test_it(): pass")
    outcome = project.pytest("-n", "2")
    assert outcome.code not in (0, 5), outcome.text
    assert outcome.out.count("ERROR collecting test_it.py") == 1, outcome.text
    assert hosts(outcome, "test_it.py (collection)") == ["192.0.2.29:80"]


def test_a_worker_that_crashes_leaves_its_record(project, xdist):
    project.tests("""
    def test_crashes():
        leak("192.0.2.30")
        os.abort()
    def test_innocent():
        pass
    """)
    outcome = project.pytest("-n", "1")
    assert outcome.code == 1, outcome.text
    assert hosts(outcome, "test_it.py::test_crashes  (when it had ended)") == ["192.0.2.30:80"], outcome.text
    assert outcome.results()["test_innocent"] == {"PASSED"}


def test_an_interrupted_session_shows_what_it_knows(project):
    project.tests("""
    def test_interrupted():
        leak("192.0.2.31")
        raise KeyboardInterrupt
    """)
    outcome = project.pytest()
    assert outcome.code == 2, outcome.text
    assert [e for entries in section(outcome).values() for e in entries if e.startswith("192.0.2.31:80")], outcome.text


@pytest.mark.parametrize("name", ["a b", "[x]", "a::b", "p (call)", "\u00fc", "x" * 100, "q" * 900, 'quote"back\\slash'],
                         ids=range(8))
def test_names_of_any_kind_are_recognised(project, name):
    project.write("pytest.ini", "[pytest]\ndisable_test_id_escaping_and_forfeit_all_rights_to_community_support = true\n")
    project.tests("""
    NAME = %r
    @pytest.mark.parametrize("value", [1], ids=[NAME])
    def test_leaks(value):
        leak("192.0.2.32")
        child("192.0.2.33")
    @pytest.mark.parametrize("value", [1], ids=[NAME])
    def test_innocent(value):
        pass
    """ % name)
    outcome = project.pytest()
    assert "1 failed, 1 passed" in outcome.out, outcome.text
    assert "192.0.2.32:80" in outcome.out and "192.0.2.33:443" in outcome.out
    assert "(when it had ended)" not in outcome.out and "outside of any test" not in outcome.out


def test_two_names_that_the_record_cuts_alike_are_told_apart(project):
    project.tests("""
    @pytest.mark.parametrize("value", [1, 2], ids=["q" * 900 + "1", "q" * 900 + "2"])
    def test_it(value):
        if value == 1:
            child("192.0.2.34")
    """)
    outcome = project.pytest()
    assert "1 failed, 1 passed" in outcome.out, outcome.text


def test_failures_keep_their_kind(project):
    project.tests("""
    import unittest
    @pytest.mark.xfail(reason="known")
    def test_xfail():
        leak()
    def test_skips():
        if leak():
            pytest.skip("no network here")
    def test_fails():
        leak()
        assert 0
    class TestOld(unittest.TestCase):
        def test_method(self):
            leak()
    @pytest.mark.skip(reason="never run")
    def test_skipped():
        leak()
    """)
    outcome = project.pytest()
    assert outcome.results() == {"test_xfail": {"XFAIL"}, "test_skips": {"FAILED"}, "test_fails": {"FAILED"},
                                 "TestOld::test_method": {"FAILED"}}, outcome.text
    assert "and then skipped itself: no network here" in outcome.out
    assert "assert 0" in outcome.out


def test_probes_and_writes_fail_nothing(project):
    project.tests("""
    def test_asks_for_its_address():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect_ex(("8.8.8.8", 53))
    def test_writes():
        with pytest.raises(OSError):
            open(os.environ["HF_HOME"] + "/added", "w")
    """)
    outcome = project.pytest()
    assert outcome.code == 0, outcome.text
    assert section(outcome).keys() == {"test_it.py::test_writes"}
    assert "tried to write below a protected tree" in outcome.out


def test_audit_mode_lets_through_and_lists(project):
    project.tests("def test_leaks(): leak('192.0.2.35')")
    outcome = project.pytest(env={"HFOFFLINE_MODE": "audit"})
    assert outcome.code == 0, outcome.text
    assert "let through, because of mode" in outcome.out
    assert hosts(outcome, "test_it.py::test_leaks") == ["192.0.2.35:80"]


def test_a_record_that_cannot_be_written_hides_nothing(project):
    project.tests("def test_leaks(): leak()\ndef test_innocent(): pass")
    (project.directory / "dir").mkdir()
    project.write("hfoffline.toml", '[record]\nfile = "dir"\n')
    outcome = project.pytest()
    assert outcome.results() == {"test_leaks": {"FAILED"}, "test_innocent": {"PASSED"}}, outcome.text


def test_without_a_record_the_counts_are_left(project):
    project.tests("def test_leaks(): leak()\ndef test_innocent(): pass")
    shim = project.directory.parent / "shim.so"
    shim.symlink_to(shim_path())
    outcome = project.pytest(models=False, env={"LD_PRELOAD": shim, "HFOFFLINE_MODELS_DIR": project.models})
    assert outcome.results() == {"test_leaks": {"FAILED"}, "test_innocent": {"PASSED"}}, outcome.text
    assert "the record has no line of it" in outcome.out


def test_without_a_launcher_the_record_is_enough(project):
    project.tests("def test_child(): child('192.0.2.41')\ndef test_own(): leak('192.0.2.42')\ndef test_innocent(): pass")
    outcome = project.pytest(models=False, env={"LD_PRELOAD": shim_path(), "HFOFFLINE_MODELS_DIR": project.models,
                                                "HFOFFLINE_RECORD": project.directory / "record.jsonl"})
    assert outcome.results() == {"test_child": {"FAILED"}, "test_own": {"FAILED"}, "test_innocent": {"PASSED"}}, outcome.text
    assert hosts(outcome, "test_it.py::test_child") == ["192.0.2.41:443"]


def shim_path():
    return os.environ["SHIM"]


def test_an_earlier_runs_lines_are_not_ours(project):
    project.tests("def test_leaks(): leak('192.0.2.36')")
    project.write("hfoffline.toml", '[record]\nfile = "record.jsonl"\n')
    assert project.pytest().code == 1
    project.tests("def test_leaks(): pass")
    outcome = project.pytest()
    assert outcome.code == 0 and len(outcome.record) == 1, outcome.text
    assert section(outcome) == {}


def test_two_sessions_of_one_run_are_told_apart(project):
    project.tests("def test_leaks(): leak('192.0.2.37')", name="test_a.py")
    project.tests("def test_innocent(): pass", name="test_b.py")
    both = project.write("both.sh", '"$@" test_a.py; echo "first $?"; "$@" test_b.py; echo "second $?"\n')
    outcome = project.run("--models-dir", project.models, "--", "/bin/sh", both, sys.executable, "-m", "pytest")
    assert "first 1" in outcome.out and "second 0" in outcome.out, outcome.text


def test_two_sessions_at_a_time_are_told_apart(project):
    project.tests(DAEMON + """
    def test_leaks():
        while not os.path.exists("running"):
            time.sleep(0.01)
        leak("192.0.2.43")
        child("192.0.2.44")
        child("192.0.2.45", env={})
        daemon("192.0.2.52")
        wait()
        while not os.path.exists("done"):
            time.sleep(0.01)
    """, name="test_a.py")
    project.tests("""
    import time
    def test_innocent():
        open("running", "w").close()
        while not os.path.exists("leaked"):
            time.sleep(0.01)
    def test_innocent_too():
        pass
    """, name="test_b.py")
    both = project.write("both.sh", """
        "$@" test_a.py > a.out & a=$!
        "$@" test_b.py > b.out; echo "b $?"; touch done
        wait $a; echo "a $?"
        """)
    outcome = project.run("--models-dir", project.models, "--", "/bin/sh", both, sys.executable, "-m", "pytest")
    assert outcome.out == "b 0\na 1\n", outcome.text + (project.directory / "b.out").read_text()


def test_a_test_that_clears_its_environment_or_closes_everything_is_held(project):
    project.tests("""
    def test_clears():
        os.environ.clear()
        leak("192.0.2.38")
    def test_closes():
        os.closerange(3, 1000)
        leak("192.0.2.39")
    """)
    outcome = project.pytest("-s", "-p", "no:logging")
    assert outcome.results() == {"test_clears": {"FAILED"}, "test_closes": {"FAILED"}}, outcome.text
    assert hosts(outcome, "test_it.py::test_clears") == ["192.0.2.38:80"], outcome.text


def test_a_retry_loop_is_one_finding(project):
    project.tests("""
    def test_retries():
        for _ in range(100):
            leak("192.0.2.40")
    """)
    outcome = project.pytest()
    assert outcome.out.count("192.0.2.40:80: connect -> ENETUNREACH") == 1, outcome.text
    assert hosts(outcome, "test_it.py::test_retries") == ["192.0.2.40:80"]


def test_pdb_and_maxfail_work(project):
    project.tests("def test_a(): leak()\ndef test_b(): pass")
    outcome = project.pytest("-x")
    assert "1 failed" in outcome.out and "passed" not in outcome.out, outcome.text
    outcome = project.pytest("--pdb")
    assert "hfoffline: this test tried to leave the machine" in outcome.out, outcome.text
    assert "INTERNALERROR" not in outcome.text
