"""The fixtures models_dir and offline_model."""
import re
import shutil
import sys

import pytest

USE = """
import os, pathlib
def test_it(offline_model):
    path = offline_model(%s)
    assert isinstance(path, pathlib.Path)
    print("found", path, sorted(os.listdir(path)))
"""


def test_they_lead_into_the_models_dir(project):
    project.write("test_it.py", """
        import os, pathlib
        def test_it(models_dir, offline_model):
            assert isinstance(models_dir, pathlib.Path) and str(models_dir) == os.environ["HF_HOME"]
            model = offline_model("hfoffline/tiny-model")
            assert (model / "config.json").is_file()
            assert models_dir in model.parents
            assert model == offline_model("hfoffline/tiny-model", revision=model.name)
            assert (offline_model("hfoffline/tiny-dataset", repo_type="dataset") / "README.md").is_file()
        """)
    assert project.pytest().code == 0
    assert project.run("--models-dir", project.models, "--", sys.executable, "-m", "pytest").code == 0


def test_a_bare_hub_cache_works_too(project):
    project.write("test_it.py", USE % '"hfoffline/tiny-model"')
    outcome = project.pytest("--models-dir", project.models / "hub", models=False)
    assert outcome.code == 0 and "model.safetensors" in outcome.out, outcome.text


@pytest.mark.parametrize("arguments, why, command", [
    ('"org/gone"', "models--org--gone", "hf download org/gone --cache-dir {hub}"),
    ('"hfoffline/tiny-model", revision="v9"', "has no revision v9",
     "hf download hfoffline/tiny-model --revision v9 --cache-dir {hub}"),
    ('"hfoffline/tiny-model", revision="%s"' % ("0" * 40), "snapshots/" + "0" * 40,
     "hf download hfoffline/tiny-model --revision %s --cache-dir {hub}" % ("0" * 40)),
    ('"org/gone", repo_type="dataset"', "datasets--org--gone", "hf download org/gone --repo-type dataset --cache-dir {hub}"),
], ids=range(4))
def test_what_is_missing_fails_with_the_command_that_fetches_it(project, arguments, why, command):
    project.write("test_it.py", USE % arguments)
    outcome = project.pytest()
    assert outcome.results() == {"test_it": {"FAILED"}}, outcome.text
    assert why in outcome.out
    assert command.format(hub=project.models / "hub") in outcome.out, outcome.text
    outcome = project.pytest("--missing-models=skip")
    assert outcome.code == 0 and "1 skipped" in outcome.out, outcome.text
    assert re.search(r"SKIPPED \[1\] test_it.py:\d+: (model|dataset) ", outcome.out), outcome.text


def test_a_snapshot_without_its_blobs_is_missing(project):
    cache = project.directory.parent / "broken cache"
    shutil.copytree(str(project.models), str(cache), symlinks=True)
    blobs = next(iter(cache.glob("hub/models--hfoffline--tiny-model/blobs")))
    next(iter(blobs.iterdir())).unlink()
    project.write("test_it.py", USE % '"hfoffline/tiny-model"')
    outcome = project.pytest("--models-dir", cache, models=False)
    assert outcome.results() == {"test_it": {"FAILED"}}, outcome.text
    assert "leads to a blob that is not there" in outcome.out
    assert "--cache-dir '{}/hub'".format(cache) in outcome.out


def test_without_a_models_dir_they_say_so(project):
    project.write("test_it.py", USE % '"hfoffline/tiny-model"')
    outcome = project.pytest(models=False)
    assert outcome.results() == {"test_it": {"ERROR"}}, outcome.text
    assert "there is no models dir; give --models-dir DIR" in outcome.out
