"""--deterministic."""
import sys

import pytest

TESTS = """
import os, random, sys
def test_variables():
    assert os.environ["PYTHONHASHSEED"] == "0" and not sys.flags.hash_randomization
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
    assert os.environ["CUDA_LAUNCH_BLOCKING"] == "1"
    assert os.environ["TOKENIZERS_PARALLELISM"] == "false"
    assert os.environ["HF_HUB_OFFLINE"] == "1"
seen = []
def test_random_a(): seen.append(random.random())
def test_random_b(): assert seen == [random.random()]
"""


def test_the_variables_and_the_seeds(project):
    project.write("test_it.py", TESTS)
    assert project.pytest("--deterministic").code == 0
    outcome = project.pytest(env={"PYTHONHASHSEED": None})
    assert outcome.results() == {"test_variables": {"FAILED"}, "test_random_a": {"PASSED"}, "test_random_b": {"FAILED"}}, outcome.text
    project.write("pytest.ini", "[pytest]\nhfoffline_deterministic = true\n")
    assert project.pytest().code == 0


def test_libraries_that_are_imported_are_seeded(project):
    # Stand-ins with the functions that are called; the real ones take long to import.
    project.write("numpy.py", "class random:\n    seed = staticmethod(lambda n: calls.append(n))\ncalls = []\n")
    project.write("torch.py", "calls = []\nmanual_seed = calls.append\n")
    project.write("test_it.py", """
        def test_first():
            import sys
            assert "numpy" not in sys.modules and "torch" not in sys.modules
            import numpy, torch
        def test_second():
            import numpy, torch
            assert numpy.calls == [0] and torch.calls == [0]
        """)
    assert project.pytest("--deterministic").code == 0


REAL_LIBRARIES = """
import numpy, torch
seen = []
def numbers(): return [numpy.random.rand(2).tolist(), torch.rand(2).tolist(), torch.nn.Linear(2, 2).weight.tolist()]
def test_a(): seen.append(numbers())
def test_b(): assert seen == [numbers()]
"""


def test_real_libraries_are_seeded(project):
    for module in ("numpy", "torch"):
        pytest.importorskip(module, reason="python3-{} is not installed".format(module))
    project.write("test_it.py", REAL_LIBRARIES)
    assert project.pytest("--deterministic").code == 0
    assert project.pytest().results() == {"test_a": {"PASSED"}, "test_b": {"FAILED"}}


def test_inside_a_run_it_is_the_runs_to_set(project):
    project.write("test_it.py", TESTS)
    arguments = ("--", sys.executable, "-m", "pytest", "--deterministic")
    outcome = project.run("--models-dir", project.models, *arguments, env={"PYTHONHASHSEED": None})
    assert outcome.code == 2 and "start that as `hfoffline run --deterministic`" in outcome.err, outcome.text
    assert project.run("--models-dir", project.models, "--deterministic", *arguments).code == 0


def test_without_a_run_it_says_so(project):
    project.write("test_it.py", TESTS)
    outcome = project.pytest("--deterministic", models=False)
    assert outcome.code == 2 and outcome.err == "hfoffline: --deterministic needs a run: give --models-dir or --hfoffline-config too\n"
