"""How pytest gets into a run, and what it says when it cannot."""
import os
import shutil
import subprocess
import sys

import pytest

from conftest import HFOFFLINE, PLUGIN, ROOT

INSIDE = """
import os
def test_inside():
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert "libhfoffline.so" in open("/proc/self/maps").read()
"""
OUTSIDE = """
import os
def test_outside():
    assert "libhfoffline.so" not in open("/proc/self/maps").read()
"""


def one_line(outcome, *parts):
    """A refusal to start: exit code 2, nothing on stdout, and a line that says why."""
    assert outcome.code == 2, outcome.text
    assert outcome.out == ""
    assert outcome.err.startswith("hfoffline: ")
    for part in parts:
        assert part in outcome.err, outcome.text
    assert max(map(len, outcome.err.splitlines())) < 200


def test_without_options_nothing_changes(project):
    project.write("test_it.py", OUTSIDE)
    outcome = project.pytest(models=False)
    assert outcome.code == 0, outcome.text
    assert "hfoffline:" not in outcome.text


@pytest.mark.parametrize("words", [
    [sys.executable, "-m", "pytest"],
    [sys.executable, "-X", "dev", "-m", "pytest", "-p", "no:cacheprovider"],
    [sys.executable, "-c", "import pytest; raise SystemExit(pytest.console_main())"],
], ids=["module", "flags", "program text"])
def test_every_command_line_gets_into_the_run(project, words):
    project.write("test_it.py", INSIDE)
    project.write("conftest.py", "import sys; print('dev mode', sys.flags.dev_mode, 'offline', __import__('os').environ['HF_HUB_OFFLINE'])")
    outcome = project.command(*words, "-s", "--models-dir", project.models)
    assert outcome.code == 0, outcome.text
    assert "dev mode {} offline 1".format("dev" in words) in outcome.out
    assert "nothing was refused" in outcome.err


@pytest.mark.parametrize("name", ["_console_main", "console_main"])
def test_newer_command_lines_get_into_the_run(project, name):
    """pytest 9.1 has its command line under another name, and a wrapper under the old one."""
    project.write("test_it.py", INSIDE)
    program = project.write("newer.py", """
        import sys
        import _pytest.config
        text = "def _console_main(): return main()\\ndef console_main(): return _console_main()"
        exec(text, vars(_pytest.config))
        sys.exit(_pytest.config.{}())
        """.format(name))
    outcome = project.command(sys.executable, program, "--models-dir", project.models)
    assert outcome.code == 0, outcome.text


def test_the_script_gets_into_the_run(project):
    script = shutil.which("pytest")
    if script is None:
        pytest.skip("there is no script named pytest")
    project.write("test_it.py", INSIDE)
    assert project.command(script, "--models-dir", project.models).code == 0


def test_a_conftest_is_imported_once_and_inside(project):
    project.write("test_it.py", INSIDE)
    project.write("conftest.py", "import os\nopen('imports', 'a').write(os.environ.get('HF_HUB_OFFLINE', 'outside') + '\\n')\n")
    assert project.pytest().code == 0
    assert (project.directory / "imports").read_text() == "1\n"


def test_settings_of_the_ini_file_count_and_are_relative_to_it(project):
    project.write("test_it.py", INSIDE)
    (project.directory / "cache").symlink_to(project.models)
    project.write("pytest.ini", "[pytest]\nhfoffline_models_dir = cache\n")
    (project.directory / "below").mkdir()
    project.write("below/test_below.py", INSIDE)
    assert project.pytest(models=False).code == 0
    assert project.pytest("below", models=False).code == 0
    project.write("pytest.ini", "[pytest]\nhfoffline_egress = sometimes\n")
    outcome = project.pytest(models=False)
    assert outcome.code == 4 and "hfoffline_egress = sometimes: it is one of fail, warn, ignore" in outcome.err, outcome.text


def test_a_config_file_is_enough(project):
    project.tests("""
    def test_inside():
        assert os.environ["HF_HUB_CACHE"].endswith("/hub")
        assert leak("192.0.2.9", 443) != 0
    """)
    project.write("my.toml", """
        [cache]
        models_dir = "%s"
        [record]
        file = "record.jsonl"
        """ % project.models)
    outcome = project.pytest("--hfoffline-config", "my.toml", models=False)
    assert outcome.code == 1, outcome.text
    assert [line["target"] for line in outcome.record] == ["192.0.2.9:443"]
    one_line(project.pytest("--hfoffline-config", "other.toml", models=False), "other.toml does not exist")


def test_the_models_dir_is_looked_at_first(project):
    project.write("test_it.py", "raise SystemExit('imported')")
    one_line(project.pytest("--models-dir", "gone", models=False), "/gone does not exist (given by --models-dir)")
    project.write("file", "")
    one_line(project.pytest("--models-dir", "file", models=False), "/file is not a directory")
    project.write("pytest.ini", "[pytest]\nhfoffline_models_dir = /nowhere\n")
    one_line(project.pytest(models=False), "/nowhere does not exist (given by hfoffline_models_dir)")
    assert len(project.pytest(models=False).err.splitlines()) == 1


def test_a_missing_launcher_is_said(project):
    project.write("test_it.py", INSIDE)
    one_line(project.pytest(env={"HFOFFLINE_LAUNCHER": "/nowhere/hfoffline"}), "HFOFFLINE_LAUNCHER names /nowhere/hfoffline")
    copy = project.directory.parent / "elsewhere"
    shutil.copytree(PLUGIN / "hfoffline_pytest", copy / "hfoffline_pytest", ignore=shutil.ignore_patterns("__pycache__"))
    outcome = project.command(sys.executable, "-m", "pytest", "-p", "hfoffline_pytest.plugin", "--models-dir", project.models,
                              env={"PYTHONPATH": copy, "HFOFFLINE_LAUNCHER": None, "PATH": "/usr/bin:/bin"})
    one_line(outcome, "is not in PATH", "HFOFFLINE_LAUNCHER")


def test_the_launcher_is_found_in_path(project):
    project.write("test_it.py", INSIDE)
    directory = os.path.dirname(HFOFFLINE)
    outcome = project.pytest(env={"HFOFFLINE_LAUNCHER": None, "PATH": directory + ":" + os.environ["PATH"]})
    assert outcome.code == 0, outcome.text


def test_the_launcher_next_to_the_package_wins_over_path(project):
    copy = project.directory.parent / "elsewhere"
    shutil.copytree(str(PLUGIN / "hfoffline_pytest"), str(copy / "hfoffline_pytest"), ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "hfoffline_pytest" / "bin").mkdir()
    (copy / "hfoffline_pytest" / "bin" / "hfoffline").symlink_to(HFOFFLINE)
    empty = project.directory.parent / "bin"
    empty.mkdir()
    (empty / "hfoffline").write_text("#!/bin/sh\nexit 77\n")
    (empty / "hfoffline").chmod(0o755)
    project.write("test_it.py", INSIDE)
    environment = {"PYTHONPATH": copy, "HFOFFLINE_LAUNCHER": None, "PATH": "{}:/usr/bin:/bin".format(empty)}
    arguments = ("-p", "hfoffline_pytest.plugin")
    assert project.pytest(*arguments, env=environment).code == 0
    (copy / "hfoffline_pytest" / "bin" / "hfoffline").unlink()
    assert project.pytest(*arguments, env=environment).code == 77


def test_the_launcher_of_the_source_tree_is_the_last(project):
    built = ROOT / "build" / "src" / "cli" / "hfoffline"
    if os.path.realpath(str(built)) != os.path.realpath(HFOFFLINE):
        pytest.skip("the launcher that is tested is not the one in build/")
    project.write("test_it.py", INSIDE)
    outcome = project.pytest("-p", "hfoffline_pytest.plugin",
                             env={"PYTHONPATH": PLUGIN, "HFOFFLINE_LAUNCHER": None, "PATH": "/usr/bin:/bin"})
    assert outcome.code == 0, outcome.text


def test_a_missing_shim_is_the_launchers_to_say(project):
    project.write("test_it.py", INSIDE)
    outcome = project.pytest(env={"HFOFFLINE_SHIM": "/nowhere/libhfoffline.so"})
    assert outcome.code == 125 and "/nowhere/libhfoffline.so" in outcome.err, outcome.text
    assert "passed" not in outcome.out


def test_a_python_that_cannot_be_entered_is_no_loop(project):
    project.write("test_it.py", INSIDE)
    one_line(project.pytest(env={"HFOFFLINE_ACTIVE": "0.1.0"}), "the shim is not in this process")


def test_a_run_is_not_nested(project):
    project.write("test_it.py", INSIDE)
    for more in ([], ["--models-dir", project.models]):
        outcome = project.run("--models-dir", project.models, "--", sys.executable, "-m", "pytest", *more)
        assert outcome.code == 0, outcome.text
        assert outcome.err.count("models dir") == 1, outcome.text
        assert "inside a run" not in outcome.err
    other = project.directory.parent / "other"
    shutil.copytree(str(project.models), str(other), symlinks=True)
    outcome = project.run("--models-dir", project.models, "--quiet", "--", sys.executable, "-m", "pytest", "--models-dir", other)
    one_line(outcome, "its models dir is {}".format(project.models), "leave out --models-dir")


def test_a_program_that_calls_pytest_main_is_told(project):
    project.write("test_it.py", INSIDE)
    program = project.write("program.py", """
        import sys, pytest
        code = pytest.main(sys.argv[1:])
        print("the program goes on:", int(code))
        sys.exit(code)
        """)
    outcome = project.command(sys.executable, program, "--models-dir", project.models)
    assert outcome.code == 4, outcome.text
    assert "cannot be started again" in outcome.err and "hfoffline run --models-dir DIR" in outcome.err
    assert "the program goes on: 4" in outcome.out
    assert project.run("--models-dir", project.models, "--", sys.executable, program).code == 0


def test_a_plugin_that_is_loaded_too_late_is_not_silent(project):
    copy = project.directory.parent / "elsewhere"
    shutil.copytree(str(PLUGIN / "hfoffline_pytest"), str(copy / "hfoffline_pytest"), ignore=shutil.ignore_patterns("__pycache__"))
    project.write("conftest.py", 'pytest_plugins = ["hfoffline_pytest.plugin"]')
    project.tests("def test_leaks(): leak()")
    environment = {"PYTHONPATH": copy}
    outcome = project.pytest("--models-dir={}".format(project.models), models=False, env=environment)
    assert outcome.code == 4 and "too late to start a run" in outcome.err, outcome.text
    outcome = project.run("--models-dir", project.models, "--", sys.executable, "-m", "pytest", "-rA", env=environment)
    assert outcome.results() == {"test_leaks": {"FAILED"}}, outcome.text


def test_collect_only_and_nothing_to_collect(project):
    project.write("test_it.py", INSIDE)
    outcome = project.pytest("--collect-only", "-q")
    assert outcome.code == 0 and "test_it.py::test_inside" in outcome.out, outcome.text
    (project.directory / "test_it.py").unlink()
    assert project.pytest().code == 5


def test_workers_are_in_the_run(project, xdist):
    project.write("test_it.py", INSIDE + INSIDE.replace("test_inside", "test_too"))
    outcome = project.pytest("-n", "2")
    assert outcome.code == 0 and "2 passed" in outcome.out, outcome.text


def test_the_exit_code_is_pytests_own(project):
    project.write("test_it.py", "def test_it(): assert 0")
    assert project.pytest().code == 1
    project.write("test_it.py", "import os, signal\ndef test_it(): os.kill(os.getpid(), signal.SIGKILL)")
    assert project.pytest().code == 128 + 9
    project.write("test_it.py", "def test_it(): raise KeyboardInterrupt")
    assert project.pytest().code == 2


def test_the_parents_environment_stays_as_it_was(project):
    project.write("test_it.py", INSIDE)
    program = project.write("outer.sh", """
        before=$(env | sort); "$@"; code=$?; after=$(env | sort)
        [ "$before" = "$after" ] || echo changed
        exit $code
        """)
    outcome = project.command("/bin/sh", program, sys.executable, "-m", "pytest", "--models-dir", project.models)
    assert outcome.code == 0 and "changed" not in outcome.out, outcome.text


def test_a_variable_keeps_the_record(project):
    project.tests("def test_leaks(): leak()")
    outcome = project.pytest()
    assert outcome.record == [] and "record: not kept; --record FILE or HFOFFLINE_RECORD=FILE keeps it" in outcome.err, outcome.text
    outcome = project.pytest(env={"HFOFFLINE_RECORD": "record.jsonl"})
    assert [line["test"] for line in outcome.record] == ["test_it.py::test_leaks (call)"], outcome.text


def test_quiet_is_quiet(project):
    project.tests("def test_leaks(): leak()")
    outcome = project.command(sys.executable, "-m", "pytest", "-q", "--models-dir", project.models)
    assert outcome.code == 1 and outcome.err == "", outcome.text
    assert "192.0.2.1:80" in outcome.out


def test_pip_installs_it_from_the_tree(project, tmp_path):
    if subprocess.run([sys.executable, "-c", "import setuptools, wheel, pip"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("pip, setuptools or wheel is not installed for " + sys.executable)
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(str(PLUGIN), str(source), ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    pip = project.command(sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation",
                          "--target", target, source, env={"PYTHONPATH": None})
    assert pip.code == 0, pip.text
    project.write("test_it.py", INSIDE)
    outcome = project.pytest(env={"PYTHONPATH": target})
    assert outcome.code == 0, outcome.text
    assert "hfoffline-pytest-0.1.0" in outcome.out


def other_pythons():
    """In every directory of PATH, since the first one need not be the one with pytest."""
    found = {}
    for directory in os.environ["PATH"].split(":"):
        for name in ["python3"] + ["python3.{}".format(minor) for minor in range(8, 16)]:
            path = os.path.join(directory, name)
            if os.access(path, os.X_OK) and os.path.realpath(path) != os.path.realpath(sys.executable):
                found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def test_other_pythons_that_have_pytest(project):
    project.write("test_it.py", INSIDE)
    tried = 0
    for python in other_pythons():
        if subprocess.run([python, "-c", "import sys, pytest; sys.exit(sys.version_info < (3, 8))"], stderr=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL).returncode == 0:
            outcome = project.command(python, "-m", "pytest", "--models-dir", project.models)
            assert outcome.code == 0, outcome.text
            tried += 1
    if not tried:
        pytest.skip("no other Python here can import pytest")
