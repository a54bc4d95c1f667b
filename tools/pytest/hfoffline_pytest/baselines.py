"""perf_baseline and output_baseline: what was measured, and the file it is compared with.

The file is JSON: {"schema": 1, "perf": {KEY: figures}, "output": {KEY: {"sha256": ...} or {"arrays": ..., "file": ...}}}.
A key is a test's id, and "#NAME" if the test gave a name. Arrays are next to it, in FILE.arrays/*.npz.
"""

import json
import os
import time
from typing import Any, Dict, List, NamedTuple, Optional, Set

import pytest

_SCHEMA = 1


class _Figure(NamedTuple):
    title: str
    slack: float  # a difference that is never worth a failure
    is_time: bool


_FIGURES = {
    "wall_seconds": _Figure("wall time", 0.001, True),
    "cpu_seconds": _Figure("CPU time", 0.001, True),
    "peak_bytes": _Figure("peak memory", 1 << 20, False),
    "read_bytes": _Figure("bytes read", 1 << 14, False),
}


class Baselines:
    def __init__(self, settings) -> None:
        self._settings = settings
        self._file: Optional[str] = settings.baseline
        self.measured: Dict[str, Dict[str, Any]] = {"perf": {}, "output": {}}
        self._known: Dict[str, Dict[str, Any]] = {"perf": {}, "output": {}}
        self._written: List[str] = []
        self._problem = ""
        if settings.update_baseline and not self._file:
            raise pytest.UsageError("--update-baseline needs --baseline FILE")
        if self._file:
            self._load()

    @property
    def update(self) -> bool:
        return self._settings.update_baseline

    def _load(self) -> None:
        try:
            with open(self._file, encoding="utf-8") as file:
                content = json.load(file)
            if content["schema"] != _SCHEMA:
                raise ValueError("schema {} is not {}".format(content["schema"], _SCHEMA))
            self._known = {"perf": dict(content["perf"]), "output": dict(content["output"])}
        except FileNotFoundError:
            if not self.update:
                raise pytest.UsageError("the baseline {} does not exist; --update-baseline writes it".format(self._file))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise pytest.UsageError("the baseline {} cannot be read: {}".format(self._file, error))

    def need_file(self) -> None:
        if not self._file:
            pytest.fail("hfoffline: there is no baseline to compare with; give --baseline FILE, or set hfoffline_baseline",
                        pytrace=False)

    def known(self, what: str, key: str) -> Dict[str, Any]:
        self.need_file()
        if key not in self._known[what]:
            pytest.fail("hfoffline: {} has no baseline in {}; --update-baseline adds it".format(key, self._file),
                        pytrace=False)
        return self._known[what][key]

    def keep(self, what: str, key: str, value: Dict[str, Any]) -> None:
        self.measured[what][key] = value

    @property
    def arrays_directory(self) -> str:
        return self._file + ".arrays"

    def merge(self, measured: Optional[Dict[str, Dict[str, Any]]]) -> None:
        """What an xdist worker measured."""
        for what, values in (measured or {}).items():
            self.measured[what].update(values)

    def write(self) -> bool:
        """False if it cannot be written; show() then says why."""
        if not self.update or not any(self.measured.values()):
            return True
        content: Dict[str, Any] = {"schema": _SCHEMA}
        for what in ("perf", "output"):
            content[what] = {**self._known[what], **self.measured[what]}
            self._written += self.measured[what]
        try:
            replace_file(self._file, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())
        except OSError as error:
            self._problem = "hfoffline: the baseline {} cannot be written: {}".format(self._file, error.strerror)
        return not self._problem

    def show(self, terminalreporter) -> None:
        if self._problem:
            terminalreporter.write_line(self._problem, red=True)
        elif self._written:
            count = len(self._written)
            terminalreporter.write_line("hfoffline: {} baseline{} written to {}".format(
                count, " was" if count == 1 else "s were", self._file))


def replace_file(path: str, content: bytes) -> None:
    """The old file or the new one, never a part of it."""
    import tempfile

    directory = os.path.dirname(path)
    os.makedirs(directory, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=directory, prefix=os.path.basename(path))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _key(request, name: Optional[str], used: Set[str]) -> str:
    """Fails a test that uses one twice: the second would be written over the first."""
    key = request.node.nodeid + ("#" + name if name else "")
    if key in used:
        pytest.fail("hfoffline: {} is compared twice in this test; give each a name of its own, name=\"...\"".format(key),
                    pytrace=False)
    used.add(key)
    return key


# ---- How long, and how much


@pytest.fixture
def perf_baseline(request):
    """perf_baseline(function, *arguments, repeat=5, name=None, max_slowdown=None, max_growth=None, **named): calls it,
    compares what that took with the baseline, and returns what the last call returned."""
    baselines = request.config._hfoffline.baselines
    settings = request.config._hfoffline.settings
    used: Set[str] = set()

    def measure(function, *arguments, repeat=5, name=None, max_slowdown=None, max_growth=None, **named):
        if repeat < 1:
            raise ValueError("repeat is 1 or more")
        key = _key(request, name, used)
        figures, result = _measure(function, arguments, named, repeat)
        if baselines.update:
            baselines.keep("perf", key, figures)
            return result
        if settings.baseline:
            _compare_figures(key, figures, baselines.known("perf", key), max_slowdown or settings.max_slowdown,
                             max_growth or settings.max_growth)
        return result

    return measure


# Modules that only some tests need are imported where they are used: every test session loads this file.


def _measure(function, arguments, named, repeat):
    import statistics

    walls, processors, reads = [], [], []
    can_reset = _reset_peak()
    before = _status("VmRSS")
    result = None
    for _ in range(repeat):
        read, processor, wall = _bytes_read(), _cpu_seconds(), time.perf_counter()
        result = function(*arguments, **named)
        walls.append(time.perf_counter() - wall)
        processors.append(_cpu_seconds() - processor)
        reads.append(_bytes_read() - read)
    figures = {"wall_seconds": statistics.median(walls), "cpu_seconds": statistics.median(processors), "repeat": repeat}
    if can_reset:
        figures["peak_bytes"] = max(_status("VmHWM") - before, 0)
    if reads[0] >= 0:
        figures["read_bytes"] = int(statistics.median(reads))
    return figures, result


def _cpu_seconds() -> float:
    import resource

    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


def _reset_peak() -> bool:
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # VmHWM starts again (proc(5))
    except OSError:
        return False
    return True


def _status(name: str) -> int:
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    return 0


def _bytes_read() -> int:
    """By read(2) and its relatives; what is mapped is not among them."""
    try:
        with open("/proc/self/io") as file:
            return int(file.readline().split()[1])
    except (OSError, ValueError, IndexError):
        return -1


def _compare_figures(key, figures, known, max_slowdown, max_growth) -> None:
    worse = []
    for name, figure in _FIGURES.items():
        new, old = figures.get(name), known.get(name)
        allowed = max_slowdown if figure.is_time else max_growth
        if new is None or old is None or new <= old * allowed or new - old <= figure.slack:
            continue
        show = _seconds if figure.is_time else _bytes
        factor = "{:.2f} x".format(new / old) if old else "from nothing"
        worse.append("  {}: {}, baseline {}: {} ({:.2f} x is allowed)".format(
            figure.title, show(new), show(old), factor, allowed))
    if worse:
        pytest.fail("hfoffline: {} needs more than its baseline\n{}".format(key, "\n".join(worse)), pytrace=False)


def _seconds(value: float) -> str:
    return "{:.2f} s".format(value) if value >= 1 else "{:.2f} ms".format(value * 1000)


def _bytes(value: float) -> str:
    return "{:.1f} MiB".format(value / (1 << 20)) if value >= 1 << 20 else "{:.1f} KiB".format(value / 1024)


# ---- What came out


@pytest.fixture
def output_baseline(request):
    """output_baseline(value, name=None, rtol=1e-5, atol=1e-8): compares a value with the baseline. Bytes, text, and what
    JSON takes by digest; arrays and tensors of numpy and torch, alone or in dictionaries and lists, within tolerances;
    a path by what the file holds, which for *.safetensors are tensors where that library is there."""
    baselines = request.config._hfoffline.baselines
    used: Set[str] = set()

    def compare(value, name=None, rtol=1e-5, atol=1e-8):
        baselines.need_file()
        key = _key(request, name, used)
        arrays = _arrays_in(value)
        if arrays is None:
            found = {"sha256": _digest(value)}
        else:
            found = {"arrays": list(arrays), "file": _sha256(key.encode())[:32] + ".npz"}
        if baselines.update:
            if arrays is not None:
                _save_arrays(os.path.join(baselines.arrays_directory, found["file"]), arrays)
            baselines.keep("output", key, found)
            return
        known = baselines.known("output", key)
        if ("sha256" in known) != (arrays is None):
            problems = ["  it is {}, and was {}".format(*(("arrays", "no arrays") if arrays else ("no arrays", "arrays")))]
        elif arrays is None:
            problems = [] if known == found else ["  sha256 {}\n  baseline {}".format(found["sha256"], known["sha256"])]
        else:
            problems = _differences(arrays, _load_arrays(baselines, key, known), rtol, atol)
        if problems:
            pytest.fail("hfoffline: {} differs from its baseline\n{}".format(key, "\n".join(problems)), pytrace=False)

    return compare


def _digest(value) -> str:
    if isinstance(value, os.PathLike):
        with open(value, "rb") as file:
            content = file.read()
    elif isinstance(value, (bytes, bytearray, memoryview)):
        content = bytes(value)
    elif isinstance(value, str):
        content = value.encode("utf-8", "surrogatepass")
    else:
        try:
            content = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
        except (TypeError, ValueError) as error:
            pytest.fail("hfoffline: {} cannot be compared: it is no bytes, text, path, array or tensor, nor what JSON takes"
                        " ({})".format(type(value).__name__, error), pytrace=False)
    return _sha256(content)


def _sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def _is_array(value) -> bool:
    return hasattr(value, "__array__") and hasattr(value, "dtype") and hasattr(value, "shape")


def _to_numpy(value):
    import numpy

    if hasattr(value, "detach"):  # torch
        value = _dense(value.detach().cpu())
        try:
            value = value.numpy()
        except TypeError:  # bfloat16 and the floats of 8 bits, which numpy does not know
            value = value.float().numpy()
    array = numpy.asarray(value)
    if array.dtype.hasobject:
        raise TypeError("an array of Python objects has no digest and no tolerance")
    return array


def _dense(tensor):
    """What torch keeps in another form than numpy, in numpy's."""
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if str(tensor.layout) != "torch.strided":
        tensor = tensor.to_dense()
    return tensor.resolve_conj().resolve_neg()


# The names of the format for what numpy has too.
_SAFETENSORS_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U64": "<u8",
                      "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?", "C64": "<c8"}


def _tensors_of_file(path) -> Optional[Dict[str, Any]]:
    """None where safetensors is not installed. Its reader for numpy fails at types that numpy does not have: bfloat16 is
    the upper half of a float32, and of the others the bytes are compared."""
    try:
        import numpy
        import safetensors
    except ImportError:
        return None
    with open(path, "rb") as file:
        tensors = safetensors.deserialize(file.read())
    arrays = {}
    for name, tensor in sorted(tensors):
        kind, shape = tensor["dtype"], tensor["shape"]
        if kind == "BF16":
            array = (numpy.frombuffer(tensor["data"], dtype="<u2").astype("<u4") << 16).view("<f4").reshape(shape)
        elif kind in _SAFETENSORS_TYPES:
            array = numpy.frombuffer(tensor["data"], dtype=_SAFETENSORS_TYPES[kind]).reshape(shape)
        else:
            array = numpy.frombuffer(tensor["data"], dtype="u1")
        arrays[name] = array
    return arrays


def _leaves(value, name=""):
    """(name, value) of everything in dictionaries, lists and tuples; the names of nested ones are joined by dots."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else None
    if items is None:
        yield name, value
        return
    for key, item in items:
        for leaf in _leaves(item, "{}.{}".format(name, key) if name else str(key)):
            yield leaf


def _arrays_in(value) -> Optional[Dict[str, Any]]:
    """Name to array, or None for what holds no arrays."""
    if isinstance(value, os.PathLike):
        return _tensors_of_file(value) if os.fspath(value).endswith(".safetensors") else None
    leaves = list(_leaves(value))
    others = [(name, leaf) for name, leaf in leaves if not _is_array(leaf)]
    if len(others) == len(leaves):
        return None
    if others:
        raise TypeError("{!r} is no array, and other parts are: give them to output_baseline one by one, each with a name"
                        .format(others[0][0]))
    return {name: _to_numpy(leaf) for name, leaf in leaves}


def _save_arrays(path: str, arrays: Dict[str, Any]) -> None:
    import io

    import numpy

    buffer = io.BytesIO()
    numpy.savez_compressed(buffer, **{"a{}".format(i): array for i, array in enumerate(arrays.values())})
    replace_file(path, buffer.getvalue())


def _load_arrays(baselines, key: str, known: Dict[str, Any]) -> Dict[str, Any]:
    import numpy

    path = os.path.join(baselines.arrays_directory, known["file"])
    try:
        with numpy.load(path, allow_pickle=False) as content:
            return {name: content["a{}".format(i)] for i, name in enumerate(known["arrays"])}
    except (OSError, KeyError, ValueError) as error:
        pytest.fail("hfoffline: the baseline of {} cannot be read: {}".format(key, error), pytrace=False)


def _differences(new, old, rtol: float, atol: float) -> List[str]:
    import numpy

    problems = []
    for name in sorted(set(new) | set(old)):
        shown = repr(name) if name else "it"
        if name not in new or name not in old:
            problems.append("  {} is {}".format(shown, "new" if name in new else "gone"))
            continue
        a, b = new[name], old[name]
        if a.shape != b.shape or a.dtype != b.dtype:
            problems.append("  {} is {} {}, baseline {} {}".format(shown, a.dtype, a.shape, b.dtype, b.shape))
            continue
        if a.dtype.kind in "fc":
            wrong = ~numpy.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
        else:
            wrong = a != b
        count = int(numpy.count_nonzero(wrong))
        if not count:
            continue
        text = "  {}: {} of {} values differ".format(shown, count, a.size)
        if a.dtype.kind in "iufc":
            apart = numpy.abs(numpy.subtract(a[wrong], b[wrong], dtype=complex if a.dtype.kind == "c" else float))
            text += ", by {:.3g} at the most".format(float(numpy.max(apart)))
            if a.dtype.kind in "fc":
                text += " (rtol {:g}, atol {:g})".format(rtol, atol)
        problems.append(text)
    return problems
