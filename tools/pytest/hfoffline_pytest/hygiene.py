"""--strict-tests: tests that cannot fail, or that nobody runs.

Works on the source of what was collected. A test can fail if it, or a function of the project that it calls, asserts,
raises, or calls something that is named as if it did; a test that only has to come to its end is reported.
"""

import ast
import inspect
import os
import types
from typing import Dict, Iterator, List, Optional, Set

import pytest

# What a function that fails by itself is called; leading underscores do not count.
_PROVING = ("assert", "check", "expect", "verify", "validate", "ensure", "should", "compare", "fail", "raises", "warns",
            "deprecated_call", "perf_baseline", "output_baseline")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Collected:
    """Keeps the modules, which pytest's session does not."""

    def __init__(self) -> None:
        self.modules: List[pytest.Module] = []
        self.with_tests: Set[str] = set()  # the files in which anything was found

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector):
        outcome = yield
        if isinstance(collector, pytest.Module):
            report = outcome.get_result()
            if report.passed and report.result:
                self.with_tests.add(str(collector.path))
            # --doctest-modules looks into every file of a project, and most have none.
            if report.passed and type(collector).__module__ != "_pytest.doctest":
                self.modules.append(collector)


class _Source:
    """The functions of a file, by the line they start at."""

    def __init__(self, path: str) -> None:
        self.functions: Dict[int, ast.AST] = {}
        try:
            with open(path, "rb") as file:
                tree = ast.parse(file.read())
        except (OSError, SyntaxError, ValueError):
            return
        for node in ast.walk(tree):
            if isinstance(node, _FUNCTIONS):
                self.functions[node.lineno] = node
                if node.decorator_list:  # where Python says that the function starts
                    self.functions[node.decorator_list[0].lineno] = node


class _Sources:
    def __init__(self, root: str) -> None:
        self._root = root
        self._files: Dict[str, _Source] = {}

    def find(self, function) -> Optional[ast.AST]:
        """The source of a function of the project."""
        code = getattr(inspect.unwrap(function), "__code__", None)
        if code is None or not os.path.abspath(code.co_filename).startswith(self._root + os.sep):
            return None
        if code.co_filename not in self._files:
            self._files[code.co_filename] = _Source(code.co_filename)
        return self._files[code.co_filename].functions.get(code.co_firstlineno)


def look(session) -> List[str]:
    """One line for each finding: "tests/test_a.py:12: test_x has no assertion ..."."""
    root = str(session.config.rootpath)
    sources = _Sources(root)
    findings: Set[str] = set()
    for item in session.items:
        function = getattr(item, "obj", None)
        node = sources.find(function) if callable(function) else None
        if node is None:
            continue
        path = os.path.relpath(inspect.unwrap(function).__code__.co_filename, root)
        place = "{}:{}: {}".format(path, node.lineno, node.name)
        if _returns_value(node):
            findings.add("{} returns a value, which pytest ignores; assert it".format(place))
        elif not _can_fail(node, function, getattr(item, "cls", None), sources, set()):
            findings.add("{} asserts nothing: it fails only if something raises".format(place))
    collected = session.config.pluginmanager.get_plugin("hfoffline_collected")
    for module in collected.modules if collected is not None else ():
        path = os.path.relpath(str(module.path), root)
        if str(module.path) not in collected.with_tests:
            findings.add("{}: no test was collected from this file".format(path))
        findings.update(_classes_left_out(module, path))
    return sorted(findings)


def _without_inner_functions(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _FUNCTIONS + (ast.Lambda, ast.ClassDef)):
            yield child
            yield from _without_inner_functions(child)


def _returns_value(node: ast.AST) -> bool:
    for child in _without_inner_functions(node):
        if isinstance(child, ast.Return) and child.value is not None:
            if not (isinstance(child.value, ast.Constant) and child.value.value is None):
                return True
    return False


def _can_fail(node: ast.AST, function, owner, sources: _Sources, seen: Set[ast.AST]) -> bool:
    if node in seen:
        return False
    seen.add(node)
    names = getattr(inspect.unwrap(function), "__globals__", {})
    for child in ast.walk(node):
        if isinstance(child, (ast.Assert, ast.Raise)):
            return True
        if not isinstance(child, ast.Call):
            continue
        called = child.func
        name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
        if name.lstrip("_").lower().startswith(_PROVING):
            return True
        target = None
        if isinstance(called, ast.Name):
            target = names.get(name)
        elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            holder = owner if called.value.id in ("self", "cls") else names.get(called.value.id)
            if isinstance(holder, (type, types.ModuleType)):
                target = getattr(holder, name, None)
        if isinstance(target, (types.FunctionType, types.MethodType)):
            inner = sources.find(target)
            if inner is not None and _can_fail(inner, target, owner, sources, seen):
                return True
    return False


def _classes_left_out(module, path: str) -> Iterator[str]:
    for name, value in vars(module.obj).items():
        if not isinstance(value, type) or value.__module__ != module.obj.__name__ or _is_unittest(value):
            continue
        if getattr(value, "__test__", True) is False:
            continue
        methods = [method for method, member in vars(value).items()
                   if isinstance(member, types.FunctionType) and module.funcnamefilter(method)]
        if not methods:
            continue
        place = "{}:{}: class {}".format(path, vars(value)[methods[0]].__code__.co_firstlineno, name)
        if module.classnamefilter(name):
            if value.__init__ is not object.__init__ or value.__new__ is not object.__new__:
                yield "{} is not collected, since it has a constructor; its {} never runs".format(place, methods[0])
        elif not _has_collected_subclass(module, value):
            yield "{} is not collected, because of its name; its {} never runs".format(place, methods[0])


def _is_unittest(value: type) -> bool:
    return any(base.__module__.startswith("unittest.") and base.__name__ == "TestCase" for base in value.__mro__)


def _has_collected_subclass(module, value: type) -> bool:
    """A class that others take their tests from."""
    return any(module.classnamefilter(child.__name__) or _is_unittest(child) or _has_collected_subclass(module, child)
               for child in value.__subclasses__())
