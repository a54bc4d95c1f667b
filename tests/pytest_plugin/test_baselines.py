"""perf_baseline and output_baseline."""
import json
import os
import re

import pytest

PERF = """
import time
def work():
    time.sleep(%s)
    data = bytearray(%d)
    for i in range(0, len(data), 4096):
        data[i] = 1
    return len(data)
def test_it(perf_baseline):
    assert perf_baseline(work, repeat=3%s) == %d
"""


def perf(project, seconds, size, more=""):
    project.write("test_it.py", PERF % (seconds, size, more, size))


def baseline(project):
    return json.loads((project.directory / "base.json").read_text())


def test_a_slower_or_larger_test_fails_with_both_figures(project):
    perf(project, 0.02, 20 << 20)
    outcome = project.pytest("--baseline", "base.json", "--update-baseline")
    assert outcome.code == 0 and "1 baseline was written to" in outcome.out, outcome.text
    figures = baseline(project)["perf"]["test_it.py::test_it"]
    assert set(figures) == {"wall_seconds", "cpu_seconds", "peak_bytes", "read_bytes", "repeat"}
    assert 0.02 <= figures["wall_seconds"] < 1 and figures["peak_bytes"] >= 19 << 20

    loose = ("--baseline", "base.json", "--max-slowdown=9")  # the machine may be busy
    assert project.pytest(*loose).code == 0
    perf(project, 0.02, 40 << 20)
    outcome = project.pytest(*loose)
    assert outcome.results() == {"test_it": {"FAILED"}}, outcome.text
    assert re.search(r"peak memory: (39|4\d)\.\d MiB, baseline (19|2\d)\.\d MiB: [12]\.\d+ x \(1\.10 x is allowed\)", outcome.out), outcome.text
    assert "wall time" not in outcome.out
    assert project.pytest(*loose, "--max-growth=2.5").code == 0

    perf(project, 0.4, 20 << 20)
    outcome = project.pytest("--baseline", "base.json", "--max-slowdown=5")
    assert "wall time: 4" in outcome.out and "(5.00 x is allowed)" in outcome.out, outcome.text
    perf(project, 0.4, 20 << 20, ", max_slowdown=100")
    assert project.pytest("--baseline", "base.json").code == 0
    before = baseline(project)
    assert project.pytest("--baseline", "base.json", "--update-baseline").code == 0
    assert baseline(project)["perf"]["test_it.py::test_it"]["wall_seconds"] > before["perf"]["test_it.py::test_it"]["wall_seconds"]


def test_reading_more_of_the_cache_fails(project):
    text = """
        def test_it(perf_baseline, offline_model):
            path = offline_model("hfoffline/tiny-model") / "model.safetensors"
            perf_baseline(lambda: [path.read_bytes() for _ in range({})], max_slowdown=1000)
        """
    project.write("test_it.py", text.format(10))
    assert project.pytest("--baseline=base.json", "--update-baseline").code == 0
    assert baseline(project)["perf"]["test_it.py::test_it"]["read_bytes"] > 0
    assert project.pytest("--baseline=base.json").code == 0
    project.write("test_it.py", text.format(40))
    outcome = project.pytest("--baseline=base.json")
    assert outcome.code == 1 and "bytes read: " in outcome.out, outcome.text


def test_without_a_baseline_it_only_measures(project):
    perf(project, 0, 1)
    assert project.pytest().code == 0
    assert project.pytest(models=False).code == 0


def test_the_file_is_looked_at_first(project):
    perf(project, 0, 1)
    outcome = project.pytest("--baseline", "base.json", models=False)
    assert outcome.code == 4 and "base.json does not exist; --update-baseline writes it" in outcome.err, outcome.text
    outcome = project.pytest("--update-baseline", models=False)
    assert outcome.code == 4 and "--update-baseline needs --baseline FILE" in outcome.err
    for content in ("{", "[]", '{"schema": 2}', "\x00"):
        project.write("base.json", content)
        outcome = project.pytest("--baseline", "base.json", models=False)
        assert outcome.code == 4 and "base.json cannot be read" in outcome.err, outcome.text
    outcome = project.pytest("--baseline", "base.json", "--max-slowdown=0.5", models=False)
    assert outcome.code == 4 and "0.5 is no factor of 1 or more" in outcome.err


def test_a_file_that_cannot_be_written_is_said(project):
    perf(project, 0, 1)
    project.write("file", "")
    outcome = project.pytest("--baseline=file/base.json", "--update-baseline")
    assert outcome.code == 4 and "file/base.json cannot be read" in outcome.err, outcome.text
    outcome = project.pytest("--baseline=/proc/base.json", "--update-baseline")
    assert outcome.code == 1 and "the baseline /proc/base.json cannot be written" in outcome.out, outcome.text


def test_a_test_without_a_baseline_fails(project):
    project.write("test_it.py", "def test_a(output_baseline): output_baseline('a')\n")
    assert project.pytest("--baseline=base.json", "--update-baseline").code == 0
    project.write("test_it.py", "def test_b(output_baseline): output_baseline('a')\ndef test_c(perf_baseline): perf_baseline(int)\n")
    outcome = project.pytest("--baseline=base.json")
    assert outcome.results() == {"test_b": {"FAILED"}, "test_c": {"FAILED"}}
    assert "test_it.py::test_b has no baseline in" in outcome.out
    # And what is no longer there stays in the file, since a part of the tests may be run.
    assert project.pytest("--baseline=base.json", "--update-baseline").code == 0
    assert sorted(baseline(project)["output"]) == ["test_it.py::test_a", "test_it.py::test_b"]
    outcome = project.pytest()
    assert outcome.results()["test_b"] == {"FAILED"} and "there is no baseline to compare with" in outcome.out


def test_one_name_is_for_one_value(project):
    project.write("test_it.py", """
        def test_output(output_baseline):
            output_baseline("a")
            output_baseline("b", name="b")
            output_baseline("c")
        def test_perf(perf_baseline):
            perf_baseline(int)
            perf_baseline(int)
        def test_named(output_baseline, perf_baseline):
            for name in "ab":
                output_baseline(name, name=name)
                perf_baseline(int, name=name)
        """)
    outcome = project.pytest("--baseline=base.json", "--update-baseline")
    assert outcome.results() == {"test_output": {"FAILED"}, "test_perf": {"FAILED"}, "test_named": {"PASSED"}}, outcome.text
    assert "test_it.py::test_output is compared twice in this test; give each a name" in outcome.out
    assert "hfoffline: 7 baselines were written to" in outcome.out


def test_what_cannot_be_compared_is_said(project):
    project.write("test_it.py", "def test_it(output_baseline): output_baseline({'a': object()})\n")
    outcome = project.pytest("--baseline=base.json", "--update-baseline")
    assert outcome.results() == {"test_it": {"FAILED"}}, outcome.text
    assert "hfoffline: dict cannot be compared: it is no bytes, text, path, array or tensor" in outcome.out
    assert "json/encoder.py" not in outcome.out


OUTPUT = """
def test_it(output_baseline):
    output_baseline(%s)
    output_baseline({"list": [1, 2.5, None]}, name="json")
"""


@pytest.mark.parametrize("before, after", [("'text'", "'Text'"), ("b'bytes'", "b'byte'"), ("[1, 2]", "[2, 1]"),
                                           ("__import__('pathlib').Path('test_it.py')", "'x'")],
                         ids=range(4))
def test_outputs_are_compared_by_digest(project, before, after):
    project.write("test_it.py", OUTPUT % before)
    assert project.pytest("--baseline=base.json", "--update-baseline").code == 0
    assert project.pytest("--baseline=base.json").code == 0
    project.write("test_it.py", OUTPUT % after)
    outcome = project.pytest("--baseline=base.json")
    assert outcome.code == 1 and "differs from its baseline" in outcome.out, outcome.text
    assert outcome.out.count("sha256") == 1


ARRAYS = """
import numpy
def test_it(output_baseline):
    a = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
    a[1, 2] += %s
    output_baseline({"weights": a, "file": numpy.array([1, 2])}, rtol=0, atol=%s)
"""


def test_arrays_are_compared_within_tolerances(project):
    pytest.importorskip("numpy", reason="python3-numpy is not installed")
    project.write("test_it.py", ARRAYS % (0, 0.01))
    assert project.pytest("--baseline=base.json", "--update-baseline").code == 0
    assert len(os.listdir(str(project.directory / "base.json.arrays"))) == 1
    project.write("test_it.py", ARRAYS % (0.005, 0.01))
    assert project.pytest("--baseline=base.json").code == 0
    project.write("test_it.py", ARRAYS % (0.5, 0.01))
    outcome = project.pytest("--baseline=base.json")
    assert outcome.code == 1 and "'weights': 1 of 6 values differ, by 0.5 at the most (rtol 0, atol 0.01)" in outcome.out, outcome.text
    project.write("test_it.py", (ARRAYS % (0, 0.01)).replace("float32", "float64"))
    assert "is float64 (2, 3), baseline float32 (2, 3)" in project.pytest("--baseline=base.json").out
    project.write("test_it.py", (ARRAYS % (0, 0.01)).replace('"weights"', '"renamed"'))
    outcome = project.pytest("--baseline=base.json")
    assert "'renamed' is new" in outcome.out and "'weights' is gone" in outcome.out
    project.write("test_it.py", "def test_it(output_baseline): output_baseline('text')")
    assert "it is no arrays, and was arrays" in project.pytest("--baseline=base.json").out
    next((project.directory / "base.json.arrays").iterdir()).write_bytes(b"damaged")
    project.write("test_it.py", ARRAYS % (0, 0.01))
    assert "the baseline of test_it.py::test_it cannot be read" in project.pytest("--baseline=base.json").out


def test_a_safetensors_file_is_compared_by_its_tensors(project):
    pytest.importorskip("safetensors", reason="safetensors is not installed")
    project.write("test_it.py", """
        def test_it(output_baseline, offline_model):
            output_baseline(offline_model("hfoffline/tiny-model") / "model.safetensors")
        """)
    assert project.pytest("--baseline=base.json", "--update-baseline").code == 0
    assert "arrays" in baseline(project)["output"]["test_it.py::test_it"]
    assert project.pytest("--baseline=base.json").code == 0


REAL_TENSORS = """
import numpy, pytest, torch
from safetensors.torch import save_file
TYPES = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64",
         "float8_e4m3fn"]
@pytest.mark.parametrize("name", TYPES)
def test_type(name, output_baseline, tmp_path):
    tensor = torch.tensor([[0, 1], [1, CHANGED]]).to(getattr(torch, name))
    output_baseline(tensor, name="memory")
    if name != "complex64":
        save_file({"a": tensor, "b": torch.zeros(3)}, tmp_path / "x.safetensors")
        output_baseline(tmp_path / "x.safetensors", name="file")
FORMS = {
    "gradient": lambda t: t.requires_grad_(), "sparse": lambda t: t.to_sparse(), "conjugate": lambda t: (t * 1j).conj(),
    "number": lambda t: t.sum(), "numpy": lambda t: t.numpy(), "state": lambda t: {"layer.weight": t},
    "nested": lambda t: {"hidden": (t, t), "logits": t},
}
@pytest.mark.parametrize("form", FORMS)
def test_form(form, output_baseline):
    output_baseline(FORMS[form](torch.tensor([0.0, 1.0, CHANGED])))
"""


def test_real_tensors_of_every_type_and_form(project):
    for module in ("torch", "safetensors"):
        pytest.importorskip(module, reason="python3-{} is not installed".format(module))
    project.write("test_it.py", REAL_TENSORS.replace("CHANGED", "1"))
    outcome = project.pytest("--baseline=base.json", "--update-baseline")
    assert outcome.code == 0, outcome.text
    assert project.pytest("--baseline=base.json").code == 0
    project.write("test_it.py", REAL_TENSORS.replace("CHANGED", "0"))
    outcome = project.pytest("--baseline=base.json")
    assert len(outcome.results()) == 19 and set(map(str, outcome.results().values())) == {"{'FAILED'}"}, outcome.text
    assert "'hidden.0': 1 of 3 values differ, by 1 at the most" in outcome.out, outcome.text


def test_a_file_of_bfloat16_is_compared_within_tolerances(project):
    for module in ("torch", "safetensors"):
        pytest.importorskip(module, reason="python3-{} is not installed".format(module))
    text = """
        import torch
        from safetensors.torch import save_file
        def test_it(output_baseline, tmp_path):
            save_file({"a": torch.tensor([1.0, %s], dtype=torch.bfloat16)}, tmp_path / "x.safetensors")
            output_baseline(tmp_path / "x.safetensors", atol=0.05)
        """
    project.write("test_it.py", text % "2.0")
    assert project.pytest("--baseline=base.json", "--update-baseline").code == 0
    project.write("test_it.py", text % "2.03125")
    assert project.pytest("--baseline=base.json").code == 0
    project.write("test_it.py", text % "2.5")
    outcome = project.pytest("--baseline=base.json")
    assert "'a': 1 of 2 values differ, by 0.5 at the most" in outcome.out, outcome.text


def test_arrays_beside_other_things_are_told_apart(project):
    pytest.importorskip("numpy", reason="python3-numpy is not installed")
    project.write("test_it.py", """
        import numpy
        def test_it(output_baseline):
            output_baseline({"a": numpy.zeros(1), "b": {"loss": 0.5}})
        """)
    outcome = project.pytest("--baseline=base.json", "--update-baseline")
    assert outcome.code == 1 and "'b.loss' is no array, and other parts are" in outcome.out, outcome.text


def test_workers_measure_into_one_file(project, xdist):
    project.write("test_it.py", """
        import pytest
        @pytest.mark.parametrize("n", range(4))
        def test_it(n, output_baseline, perf_baseline):
            output_baseline(str(n))
            perf_baseline(int, max_slowdown=1000)
        """)
    assert project.pytest("-n", "2", "--baseline=base.json", "--update-baseline").code == 0
    assert len(baseline(project)["output"]) == len(baseline(project)["perf"]) == 4
    assert project.pytest("-n", "2", "--baseline=base.json").code == 0
