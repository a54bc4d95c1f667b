"""docs/pytest.md says what the plugin has: every option, mark and fixture, and nothing that is not there."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "pytest"))

from hfoffline_pytest import __version__, plugin  # noqa: E402
from hfoffline_pytest.options import OPTIONS  # noqa: E402

PAGE = (ROOT / "docs" / "pytest.md").read_text()


def rows(heading):
    """The cells of the table below a heading."""
    part = PAGE[PAGE.index("\n## " + heading + "\n"):]
    table = re.search(r"(?m)^\|.*\|\n\|[-:|]+\|\n((?:\|.*\|\n)+)", part).group(1)
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]


def test_the_options_are_all_there():
    expected = [["`{}`".format(" ".join([option.flag, option.value]).strip()), "`{}`".format(option.setting) if option.setting else "",
                 "`{}`".format(option.default) if option.default else ""] for option in OPTIONS]
    assert [row[:3] for row in rows("Options")] == expected


def test_the_choices_and_helps_are_told():
    for option, row in zip(OPTIONS, rows("Options")):
        assert row[3], option
        for choice in option.choices:
            assert "`{}`".format(choice) in row[3], option


def test_the_marks_are_all_there():
    marks = {mark.partition("(")[0] for mark in plugin.MARKS}
    assert {re.match(r"`@pytest\.mark\.(\w+)", row[0]).group(1) for row in rows("Marks")} == marks


def test_the_fixtures_are_all_there():
    fixtures = {name for name, value in vars(plugin).items() if type(value).__name__ == "FixtureFunctionDefinition" or
                hasattr(value, "_pytestfixturefunction")}
    assert fixtures == {"models_dir", "offline_model", "perf_baseline", "output_baseline"}
    assert {re.match(r"`(\w+)", row[0]).group(1) for row in rows("Fixtures")} == fixtures


def test_the_version_is_the_projects():
    version = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text()).group(1)
    assert __version__ == version
    assert 'version = "{}"'.format(version) in (ROOT / "tools" / "pytest" / "pyproject.toml").read_text()


def test_help_and_markers_name_them(project):
    outcome = project.pytest("--help", models=False)
    text = " ".join(outcome.out.split())
    assert "(fail, warn or ignore; default: fail)" in text and "(default: 1.2)" in text, outcome.out
    for option in OPTIONS:
        assert option.flag in outcome.out
        assert not option.setting or option.setting in outcome.out
    outcome = project.pytest("--markers", models=False)
    for mark in plugin.MARKS:
        assert "@pytest.mark." + mark.partition(":")[0] in outcome.out
