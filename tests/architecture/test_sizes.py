"""Nothing grows past what one reading can hold (STYLE: Layout and direction). There are no exemptions."""

import ast

import pytest

from tests.architecture.source import Module, files, modules, place, planted, relative

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60
LINES = {".css": 250, ".js": 200, ".html": LINES_OF_A_FILE}


def long_functions(module: Module) -> list[str]:
    """Return where functions stand that are too long, decorators and docstring included."""
    return [
        f"{place(module, node)} {node.name}: {length} lines"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LINES_OF_A_FUNCTION
    ]


def is_long(text: str, limit: int = LINES_OF_A_FILE) -> bool:
    return text.count("\n") > limit


def test_no_python_file_is_long() -> None:
    assert [module.path for module in modules("src", "tests") if is_long(module.text)] == []


def test_no_function_is_long() -> None:
    assert [found for module in modules("src", "tests") for found in long_functions(module)] == []


@pytest.mark.parametrize("ending", LINES)
def test_no_style_script_or_template_is_long(ending: str) -> None:
    long = [path for path in files(ending) if is_long(path.read_text(encoding="utf-8"), LINES[ending])]
    assert [relative(path) for path in long] == []


def test_planted_length_is_found() -> None:
    body = "    pass\n" * LINES_OF_A_FUNCTION
    assert long_functions(planted("def short():\n" + body.replace("    pass\n", "", 1))) == []
    assert long_functions(planted("def long():\n" + body)) != []
    assert is_long("\n" * (LINES_OF_A_FILE + 1))
    assert not is_long("\n" * LINES_OF_A_FILE)
