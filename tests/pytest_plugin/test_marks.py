"""The marks network and allow_egress."""
import sys

import pytest

ALLOWED = [("connect", "192.0.2.50:80")]


def lines(outcome, verdict):
    return [(line["op"], line["target"]) for line in outcome.record if line["verdict"] == verdict]


def recorded(project):
    project.write("hfoffline.toml", '[record]\nfile = "record.jsonl"\n')


def test_network_skips_in_a_run_and_runs_outside(project):
    project.tests("""
    @pytest.mark.network("the real Hub")
    def test_hub():
        print("it ran")
    @pytest.mark.network
    def test_bare():
        pass
    def test_other():
        pass
    """)
    outcome = project.pytest("--strict-markers")
    assert outcome.code == 0 and "1 passed, 2 skipped" in outcome.out, outcome.text
    assert "needs the network: the real Hub" in outcome.out
    assert "2 tests were marked network and skipped" in outcome.out
    outcome = project.pytest("--strict-markers", models=False)
    assert "3 passed" in outcome.out and "it ran" in outcome.out, outcome.text


def test_network_is_counted_for_workers_too(project, xdist):
    project.tests("""
    @pytest.mark.network("the real Hub")
    def test_hub(): pass
    """)
    assert "1 test was marked network and skipped" in project.pytest("-n", "1").out


def test_allow_egress_is_for_its_test_alone(project):
    recorded(project)
    project.tests("""
    @pytest.mark.allow_egress("192.0.2.50:80", "192.0.2.60/31")
    def test_allowed():
        leak("192.0.2.50", 80)
        leak("192.0.2.61", 443)
        code = "import socket; socket.socket().connect_ex(('192.0.2.50', 80))"
        subprocess.run([sys.executable, "-c", code])
    def test_not_allowed():
        leak("192.0.2.50", 80)
    @pytest.mark.allow_egress("192.0.2.50:81")
    def test_another_port():
        leak("192.0.2.50", 80)
    @pytest.mark.allow_egress("192.0.2.50:80")
    def test_child_without_environment():
        code = "import socket; socket.socket().connect_ex(('192.0.2.50', 80))"
        subprocess.run([sys.executable, "-c", code], env={})
    """)
    outcome = project.pytest("--strict-markers")
    assert outcome.results() == {
        "test_allowed": {"PASSED"}, "test_not_allowed": {"FAILED"}, "test_another_port": {"FAILED"},
        "test_child_without_environment": {"FAILED"}}, outcome.text
    assert lines(outcome, "allow") == [("connect", "192.0.2.50:80"), ("connect", "192.0.2.61:443"), ("connect", "192.0.2.50:80")]
    allowed = [line for line in outcome.record if line["verdict"] == "allow"]
    assert {line["rule"] for line in allowed} == {'allow_egress("192.0.2.50:80")', 'allow_egress("192.0.2.60/31")'}
    assert {(line["kind"], line["reason"], line["errno"]) for line in allowed} == {("allow", "allowed_in_test", None)}
    assert {line["test"] for line in allowed} == {"test_it.py::test_allowed (call)"}
    assert "let through, because of the mark allow_egress:\n  test_it.py::test_allowed\n" in outcome.out
    assert "not counted: 3 requests that tests allowed themselves" in outcome.err


def test_a_name_may_be_allowed(project):
    recorded(project)
    project.tests("""
    @pytest.mark.allow_egress("minio.example:9000")
    def test_allowed():
        with pytest.raises(OSError):  # there is no name server here
            socket.getaddrinfo("minio.example", 9000)
        with pytest.raises(OSError):
            socket.getaddrinfo("MINIO.example.", 9000)
    @pytest.mark.allow_egress("minio.example:9000")
    def test_other_name():
        with pytest.raises(OSError):
            socket.getaddrinfo("other.minio.example", 9000)
    """)
    outcome = project.pytest()
    assert outcome.results() == {"test_allowed": {"PASSED"}, "test_other_name": {"FAILED"}}, outcome.text
    assert lines(outcome, "allow")[0] == ("getaddrinfo", "minio.example")
    assert lines(outcome, "refuse") == [("getaddrinfo", "other.minio.example")]


def test_a_thread_and_a_fixture_have_what_their_test_has(project):
    project.tests("""
    @pytest.fixture
    def server():
        leak("192.0.2.50")
        yield
        leak("192.0.2.50")
    @pytest.mark.allow_egress("192.0.2.50")
    def test_allowed(server):
        thread = threading.Thread(target=leak, args=("192.0.2.50",))
        thread.start()
        thread.join()
    def test_not_allowed(server):
        pass
    """)
    outcome = project.pytest()
    assert outcome.results() == {"test_allowed": {"PASSED"}, "test_not_allowed": {"ERROR"}}, outcome.text


def test_what_outlives_the_test_is_refused(project):
    recorded(project)
    project.tests("""
    children = []
    @pytest.mark.allow_egress("192.0.2.50")
    def test_starts_it():
        code = "import socket, sys; sys.stdin.read(); socket.socket().connect_ex(('192.0.2.50', 80))"
        children.append(subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE))
    def test_later():
        children[0].stdin.close()
        children[0].wait()
    """)
    outcome = project.pytest()
    assert outcome.code == 1, outcome.text
    assert lines(outcome, "refuse") == [("connect", "192.0.2.50:80")] and lines(outcome, "allow") == []


def test_classes_and_modules_may_be_marked(project):
    project.tests("""
    pytestmark = pytest.mark.allow_egress("192.0.2.51")
    @pytest.mark.allow_egress("192.0.2.50")
    class TestIt:
        @pytest.mark.allow_egress("192.0.2.52")
        def test_all(self):
            for last in (50, 51, 52):
                leak("192.0.2.%d" % last)
    """)
    assert project.pytest().code == 0


@pytest.mark.parametrize("mark, problem", [
    ('allow_egress("192.0.2.50:99999")', "it is no host, address or network"),
    ('allow_egress("https://hub.example")', "it is no host, address or network"),
    ("allow_egress()", 'needs at least one "HOST:PORT"'),
    ("allow_egress", 'needs at least one "HOST:PORT"'),
], ids=range(4))
def test_a_mark_that_means_nothing_is_an_error(project, mark, problem):
    project.tests("@pytest.mark.{}\ndef test_it(): pass".format(mark))
    outcome = project.pytest()
    assert outcome.results() == {"test_it": {"ERROR"}} or outcome.results() == {"test_it": {"FAILED"}}, outcome.text
    assert problem in outcome.out


def test_the_run_decides_whether_marks_count(project):
    project.tests("""
    @pytest.mark.allow_egress("192.0.2.50")
    def test_marked():
        leak("192.0.2.50")
    def test_other():
        pass
    """)
    for outcome in (project.pytest("--allow-egress-marks=off"),
                    project.run("--models-dir", project.models, "--", sys.executable, "-m", "pytest", "-rA")):
        assert outcome.results() == {"test_marked": {"ERROR"}, "test_other": {"PASSED"}}, outcome.text
        assert "hfoffline run --allow-from-tests" in outcome.out
    outcome = project.run("--models-dir", project.models, "--allow-from-tests", "--", sys.executable, "-m", "pytest", "-rA")
    assert outcome.results() == {"test_marked": {"PASSED"}, "test_other": {"PASSED"}}, outcome.text
    # Outside of a run there is nothing to allow.
    project.tests("""
    @pytest.mark.allow_egress("192.0.2.50")
    def test_marked():
        pass
    """)
    assert project.pytest(models=False).code == 0


def test_sixty_five_rules_are_one_too_many(project):
    project.tests("""
    @pytest.mark.allow_egress(*["192.0.2.%d" % n for n in range(65)])
    def test_too_many(): pass
    @pytest.mark.allow_egress(*["192.0.2.%d" % n for n in range(64)])
    def test_full(): leak("192.0.2.63")
    """)
    outcome = project.pytest()
    assert outcome.results() == {"test_too_many": {"ERROR"}, "test_full": {"PASSED"}}, outcome.text


def test_workers_allow_each_their_own(project, xdist):
    project.tests("""
    @pytest.mark.allow_egress("192.0.2.50")
    @pytest.mark.parametrize("n", range(6))
    def test_allowed(n): leak("192.0.2.50")
    @pytest.mark.parametrize("n", range(6))
    def test_not_allowed(n): leak("192.0.2.50")
    """)
    outcome = project.pytest("-n", "2")
    assert "6 failed, 6 passed" in outcome.out, outcome.text
