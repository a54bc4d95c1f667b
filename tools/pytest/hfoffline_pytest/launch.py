"""Starts pytest again under `hfoffline run`, before it has imported any test, conftest or library."""

import os
import shutil
import signal
import sys
from typing import List, NoReturn, Optional

import pytest

from . import shim as shim_module
from .options import PATH_FLAGS

WRONG_USE = 2  # as `hfoffline run` has it
# What pytest's commands call: the first before pytest 9.1, the second since.
_ENTRY_POINTS = ("console_main", "_console_main")


def stop(message: str) -> NoReturn:
    """Ends a pytest of the command line; in a program that called pytest.main(), that call."""
    if not is_command_line():
        raise pytest.UsageError("hfoffline: " + message)
    sys.stdout.flush()
    sys.stderr.write("hfoffline: {}\n".format(message))
    sys.stderr.flush()
    raise SystemExit(WRONG_USE)


def is_command_line() -> bool:
    """Whether this process is pytest, and not a program that called pytest.main(), which nobody could start again
    without what it did before."""
    frame = sys._getframe()
    while frame is not None:
        caller = frame.f_back
        if frame.f_code.co_name in _ENTRY_POINTS and frame.f_globals.get("__name__") == "_pytest.config":
            if caller is not None and caller.f_globals.get("__name__") == "__main__":
                return True
        frame = caller
    return False


def check_models_dir(path: str, source: str) -> None:
    given = " (given by {})".format(source)
    if not os.path.exists(path):
        stop("the models dir {} does not exist{}".format(path, given))
    if not os.path.isdir(path):
        stop("the models dir {} is not a directory{}".format(path, given))
    if not os.access(path, os.R_OK | os.X_OK):
        stop("the models dir {} cannot be read by this user{}".format(path, given))


def find_launcher() -> str:
    """$HFOFFLINE_LAUNCHER; else `hfoffline` next to this package, next to the Python that runs, in PATH; else the one
    built in the source tree that this package is used from."""
    given = os.environ.get("HFOFFLINE_LAUNCHER")
    if given:
        if _is_program(given):
            return os.path.abspath(given)
        stop("HFOFFLINE_LAUNCHER names {}, which is no program that can be executed".format(given))
    package = os.path.dirname(os.path.abspath(__file__))
    places = [os.path.join(package, "bin", "hfoffline"), os.path.join(os.path.dirname(sys.executable), "hfoffline")]
    for place in places:
        if _is_program(place):
            return place
    found = shutil.which("hfoffline")
    if found:
        return os.path.abspath(found)
    built = os.path.normpath(os.path.join(package, "..", "..", "..", "build", "src", "cli", "hfoffline"))
    if _is_program(built):
        return built
    stop("the launcher `hfoffline` is not in PATH; install it, or set HFOFFLINE_LAUNCHER to its path")


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def own_command_line() -> List[str]:
    """How this process was started, with Python's own flags, so that `python -X dev -m pytest` stays that."""
    try:
        with open("/proc/self/cmdline", "rb") as file:
            words = [os.fsdecode(word) for word in file.read().split(b"\0")[:-1]]
    except OSError:
        words = list(getattr(sys, "orig_argv", []))
    if len(words) < 2 or not sys.executable:
        stop("how pytest was started cannot be found out; start it as `hfoffline run --models-dir DIR -- pytest`")
    return [sys.executable] + words[1:]


def join_paths() -> None:
    """Starts pytest again with --models-dir=DIR if it was given as --models-dir DIR. pytest looks for its ini file, and
    for the root of the tests, before it knows the options of plugins, and takes such a DIR for a place of tests."""
    if not is_command_line():
        return
    words = own_command_line()
    joined: List[str] = []
    for word in words:
        if joined and joined[-1] in PATH_FLAGS and "--" not in joined:
            joined[-1] += "=" + word
        else:
            joined.append(word)
    if len(joined) != len(words):
        _execute(joined)


def _execute(command: List[str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them, and an ignored signal stays so in a new program
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execv(command[0], command)
    except OSError as error:
        stop("{} cannot be started: {}".format(command[0], error.strerror))


def run_again(settings) -> NoReturn:
    """Replaces this process by `hfoffline run ... -- this command`, which tells no more than pytest was asked for."""
    if not is_command_line():
        stop("pytest.main() was called by a program, which cannot be started again in a run from here;\n"
             "  start the program itself with `hfoffline run --models-dir DIR --`, or pytest from the command line")
    if settings.config_file and not os.path.isfile(settings.config_file):
        stop("the config file {} does not exist (given by {})".format(
            settings.config_file, settings.source("--hfoffline-config")))
    launcher = find_launcher()
    command = [launcher, "run"]
    if settings.models_dir:
        command += ["--models-dir", settings.models_dir]
    if settings.config_file:
        command += ["--config", settings.config_file]
    if settings.allow_egress_marks:
        command.append("--allow-from-tests")
    if settings.deterministic:
        command.append("--deterministic")
    if settings.is_quiet:
        command.append("--quiet")
    command.append("--")
    command += own_command_line()
    _execute(command)


def find_shim_or_stop() -> Optional[shim_module.Shim]:
    try:
        return shim_module.find_shim()
    except RuntimeError as error:
        stop(str(error))


def enter_run(settings) -> Optional[shim_module.Shim]:
    """The shim, if this process is part of a run. Else starts pytest again in one, if the options ask for that."""
    if settings.has_paths:
        join_paths()
    shim = find_shim_or_stop()
    if settings.models_dir:
        check_models_dir(settings.models_dir, settings.source("--models-dir"))
    if shim is None:
        if settings.wants_run:
            if os.environ.get("HFOFFLINE_ACTIVE"):
                stop("HFOFFLINE_ACTIVE is set, but the shim is not in this process: either it cannot enter this Python"
                     "\n  (`hfoffline doctor` says more), or the variable is left from `hfoffline env --shell`; unset it")
            run_again(settings)
        if settings.deterministic:
            stop("--deterministic needs a run: give --models-dir or --hfoffline-config too")
        return None
    if settings.models_dir and (shim.models_dir is None or
                                os.path.realpath(settings.models_dir) != os.path.realpath(shim.models_dir)):
        stop("this is inside a run already, and its models dir is {}, not {};\n  leave out {}, or start pytest without"
             " the outer `hfoffline run`".format(shim.models_dir or "not set", settings.models_dir,
                                                  settings.source("--models-dir")))
    if settings.deterministic and os.environ.get("PYTHONHASHSEED") != "0":
        stop("--deterministic comes too late inside a run; start that as `hfoffline run --deterministic`")
    return shim
