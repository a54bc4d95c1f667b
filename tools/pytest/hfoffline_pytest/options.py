"""Every option: its flag, its setting in pytest's ini file, its default. docs/pytest.md has the same table."""

import os
from typing import Any, NamedTuple, Optional, Tuple

import pytest


class Option(NamedTuple):
    flag: str
    setting: Optional[str]  # in pytest.ini, pyproject.toml ...; None: the flag only
    default: Any  # a bool for flags without a value
    value: str  # what the value is called; "" for a bool
    choices: Tuple[str, ...]
    help: str

    @property
    def name(self) -> str:
        return "hfoffline_" + self.flag.lstrip("-").replace("-", "_")


OPTIONS = (
    Option("--models-dir", "hfoffline_models_dir", None, "DIR", (),
           "run the tests under hfoffline, on this pre-staged model cache"),
    Option("--hfoffline-config", "hfoffline_config", None, "FILE", (),
           "run the tests under hfoffline, with this hfoffline.toml"),
    Option("--egress", "hfoffline_egress", "fail", "WHAT", ("fail", "warn", "ignore"),
           "what becomes of a test that tried to leave the machine"),
    Option("--missing-models", "hfoffline_missing_models", "fail", "WHAT", ("fail", "skip"),
           "what becomes of a test whose model is not in the models dir"),
    Option("--allow-egress-marks", "hfoffline_allow_egress_marks", "on", "WHAT", ("on", "off"),
           "whether the mark allow_egress has an effect in a run that this plugin starts"),
    Option("--deterministic", "hfoffline_deterministic", False, "", (),
           "set the variables of the preset deterministic; seed random, numpy and torch before each test"),
    Option("--baseline", "hfoffline_baseline", None, "FILE", (),
           "compare perf_baseline and output_baseline with this file"),
    Option("--update-baseline", None, False, "", (),
           "write what was measured into the baseline file instead"),
    Option("--max-slowdown", "hfoffline_max_slowdown", "1.2", "FACTOR", (),
           "how much slower than its baseline a test may be"),
    Option("--max-growth", "hfoffline_max_growth", "1.1", "FACTOR", (),
           "how much more memory and reading than its baseline a test may need"),
    Option("--strict-tests", "hfoffline_strict_tests", False, "", (),
           "fail for tests that cannot fail, return a value, or are never collected"),
)


PATH_FLAGS = tuple(option.flag for option in OPTIONS if option.value in ("DIR", "FILE"))


def add_options(parser) -> None:
    group = parser.getgroup("hfoffline", "hfoffline: a sealed model cache, and no network")
    for option in OPTIONS:
        remarks = [", ".join(option.choices[:-1]) + " or " + option.choices[-1]] if option.choices else []
        remarks += [] if option.default in (None, False) else ["default: {}".format(option.default)]
        remark = " ({})".format("; ".join(remarks)) if remarks else ""
        if option.value:
            group.addoption(option.flag, dest=option.name, metavar=option.value, default=None,
                            choices=option.choices or None, help=option.help + remark)
        else:
            group.addoption(option.flag, dest=option.name, action="store_true", default=None, help=option.help)
        if option.setting:
            parser.addini(option.setting, option.help + remark, type="string" if option.value else "bool",
                          default="" if option.value else False)


class Settings:
    """The values that count: the flag, else the ini file, else the default."""

    def __init__(self, config, namespace=None) -> None:
        self._config = config
        self._namespace = namespace if namespace is not None else config.option
        self.models_dir = self._path("--models-dir")
        self.config_file = self._path("--hfoffline-config")
        self.egress = self.get("--egress")
        self.missing_models = self.get("--missing-models")
        self.allow_egress_marks = self.get("--allow-egress-marks") == "on"
        self.deterministic = self.get("--deterministic")
        self.baseline = self._path("--baseline")
        self.update_baseline = self.get("--update-baseline")
        self.max_slowdown = self._factor("--max-slowdown")
        self.max_growth = self._factor("--max-growth")
        self.strict_tests = self.get("--strict-tests")
        self.is_quiet = (getattr(self._namespace, "verbose", 0) or 0) < 0

    @property
    def has_paths(self) -> bool:
        return any(self._given(flag)[1] == flag for flag in PATH_FLAGS)

    @property
    def wants_run(self) -> bool:
        return bool(self.models_dir or self.config_file)

    def _given(self, flag: str):
        """The value and where it is from: the flag, the setting, or None for the default."""
        option = next(option for option in OPTIONS if option.flag == flag)
        value = getattr(self._namespace, option.name, None)
        if value is not None:
            return value, option.flag
        value = self._config.getini(option.setting) if option.setting else None
        if not value:
            return option.default, None
        if option.choices and value not in option.choices:
            raise pytest.UsageError("{} = {}: it is one of {}".format(option.setting, value, ", ".join(option.choices)))
        return value, option.setting

    def get(self, flag: str):
        return self._given(flag)[0]

    def source(self, flag: str) -> str:
        return self._given(flag)[1] or "default"

    def _factor(self, flag: str) -> float:
        value, source = self._given(flag)
        try:
            factor = float(value)
        except ValueError:
            factor = 0.0
        if not factor >= 1.0:
            raise pytest.UsageError("{}: {} is no factor of 1 or more".format(source, value))
        return factor

    def _path(self, flag: str) -> Optional[str]:
        """From the working directory if the flag gave it, from the ini file's directory if that did."""
        value, source = self._given(flag)
        if value is None:
            return None
        if source == flag:
            if value == "":
                raise pytest.UsageError("{} is empty".format(flag))
            base = os.getcwd()
        else:
            ini = getattr(self._config, "inipath", None)
            base = os.path.dirname(str(ini)) if ini else os.getcwd()
        return os.path.join(base, os.path.expanduser(value))
