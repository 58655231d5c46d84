"""Lines that code may not cross, read from its syntax trees: what import-linter and ruff cannot see."""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.architecture.source import Module, modules, place, planted

BROAD_BOUNDARIES: dict[str, str] = {
    "src/allotment/runs/durable.py": "whatever broke in a step, the person gets an ending with words",
}
"""Where `except Exception` may stand, with the reason: at most three places."""

ENVIRONMENT_READERS = {"src/allotment/kernel/settings.py"}
LAZY_IMPORTERS = {
    "src/allotment/cli/main.py": "commands are imported when they are used",
    "src/allotment/kernel/plugins.py": "a plugin is found by its folder",
    "src/allotment/gateway/sessions.py": "Django names its session store as text",
}
MODELS = re.compile(r"allotment\.(\w+)(?:\.models$|$)")
EXECUTION = {"eval", "exec", "compile", "__import__"}
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "jinja2", "mako", "code", "runpy"}


def broad_excepts(module: Module) -> Iterator[str]:
    """Find handlers that catch everything."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        names = {getattr(one, "id", None) for one in caught}
        if (
            node.type is None or names & {"Exception", "BaseException"}
        ) and module.path not in BROAD_BOUNDARIES:
            yield place(module, node)


def _ready_methods(module: Module) -> set[ast.AST]:
    return {
        method
        for klass in ast.walk(module.tree)
        if isinstance(klass, ast.ClassDef) and "AppConfig" in {getattr(one, "id", "") for one in klass.bases}
        for method in klass.body
        if isinstance(method, ast.FunctionDef) and method.name == "ready"
    }


def late_imports(module: Module) -> Iterator[str]:
    """Find imports inside functions, but for `AppConfig.ready`, and imports by name outside the three places."""
    allowed = _ready_methods(module)
    for function in ast.walk(module.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function not in allowed:
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield place(module, node)
    if "import_module" in module.text and module.path not in LAZY_IMPORTERS:
        yield f"{module.path}: import_module"


def environment_reads(module: Module) -> Iterator[str]:
    """Find reads of the environment outside settings. Setting a variable for a library is not a read."""
    if module.path in ENVIRONMENT_READERS:
        return
    written = {
        id(target.value)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Subscript)
    }
    for node in ast.walk(module.tree):
        is_read = isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}
        is_imported = (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and bool({alias.name for alias in node.names} & {"environ", "getenv"})
        )
        if (is_read and id(node) not in written) or is_imported:
            yield place(module, node)


def borrowed_models(module: Module) -> Iterator[str]:
    """Find imports of another feature's tables."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            named = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
        elif isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        else:
            continue
        owners = {
            match.group(1) for name in named if name.endswith(".models") and (match := MODELS.match(name))
        }
        if owners - {module.feature}:
            yield f"{place(module, node)} reaches into the tables of {', '.join(sorted(owners))}"


def executed_data(module: Module) -> Iterator[str]:
    """Find anything that turns data into code (DESIGN promise 1: no code, no expressions)."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EXECUTION:
            yield place(module, node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {getattr(node, "module", None) or "", *(alias.name for alias in node.names)}
            if {name.partition(".")[0] for name in names} & UNSAFE_MODULES and not _is_local(node):
                yield place(module, node)
        if isinstance(node, ast.Attribute) and node.attr in {"unsafe_load", "full_load"}:
            yield place(module, node)


def _is_local(node: ast.Import | ast.ImportFrom) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").startswith("allotment")


CHECKS: dict[str, Callable[[Module], Iterator[str]]] = {
    "catches everything": broad_excepts,
    "imports inside a function": late_imports,
    "reads the environment": environment_reads,
    "uses another feature's tables": borrowed_models,
    "executes data": executed_data,
}


@pytest.mark.parametrize("name", CHECKS)
def test_no_module_crosses_the_line(name: str) -> None:
    assert [found for module in modules("src") for found in CHECKS[name](module)] == []


def test_at_most_three_boundaries_catch_everything() -> None:
    assert len(BROAD_BOUNDARIES) <= 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("catches everything", "try:\n    x()\nexcept Exception:\n    pass\n"),
        ("catches everything", "try:\n    x()\nexcept (ValueError, BaseException):\n    pass\n"),
        ("catches everything", "try:\n    x()\nexcept:\n    pass\n"),
        ("imports inside a function", "def f():\n    import os\n"),
        ("imports inside a function", "class A:\n    def ready(self):\n        from os import path\n"),
        ("imports inside a function", "from importlib import import_module\n"),
        ("reads the environment", "import os\nx = os.environ['A']\n"),
        ("reads the environment", "import os\nx = os.getenv('A')\n"),
        ("reads the environment", "from os import environ\n"),
        ("uses another feature's tables", "from allotment.people.models import Person\n"),
        ("uses another feature's tables", "from allotment.people import models\n"),
        ("uses another feature's tables", "import allotment.people.models\n"),
        ("executes data", "x = eval('1')\n"),
        ("executes data", "import pickle\n"),
        ("executes data", "from jinja2 import Template\n"),
        ("executes data", "import yaml\nyaml.unsafe_load('')\n"),
    ],
)
def test_a_planted_crossing_is_found(name: str, text: str) -> None:
    assert list(CHECKS[name](planted(text))) != []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("catches everything", "try:\n    x()\nexcept ValueError:\n    pass\n"),
        (
            "imports inside a function",
            "class A(AppConfig):\n    def ready(self):\n        from os import path\n",
        ),
        ("reads the environment", "import os\nos.environ['A'] = 'b'\n"),
        ("uses another feature's tables", "from allotment.runs.models import Run\n"),
        ("executes data", "import re\nre.compile('a')\n"),
    ],
)
def test_what_is_allowed_is_left_alone(name: str, text: str) -> None:
    assert list(CHECKS[name](planted(text))) == []
