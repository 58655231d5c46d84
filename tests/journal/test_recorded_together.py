"""Whatever changes something is on disk together with its entry: each capability records inside a transaction.

Read from the syntax trees, by who calls whom: a call of `note`, `record` or `record_all` stands within `atomic`, or
all who lead there do. `note` itself cannot ask for it: what only tells that somebody looked, or tried, changes nothing.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tests.architecture.source import Module, modules, planted

RECORDING = "allotment.journal.recording"
RECORDERS = ("note", "record", "record_all")
ALONE = {
    "allotment.cli.journal.begin_again": "the key is in a file; what stands in the journal tells of it",
    "allotment.cli.journal.rotate_key": "the key is in a file; what stands in the journal tells of it",
    "allotment.cli.keys.rotate": "the master key is in a file or with its keeper",
    "allotment.journal.telling.tell_held_back": "an entry waits for its place; nothing changed",
    "allotment.journal.telling.tell_stop": "the thread that signs has stopped, or goes on again",
    "allotment.llms.pages.say_hello": "asks a model, which no transaction may wait for; no row changes",
    "allotment.people.signing_in.authentication_failed": "somebody stayed outside; nothing changed",
    "allotment.records.pages.file": "something was taken out; nothing changed",
    "allotment.runs.batches.pages.results": "something was taken out; nothing changed",
    "allotment.runs.output_pages.report": "something was taken out; nothing changed",
    "allotment.runs.output_pages.table": "something was taken out; nothing changed",
    "allotment.runs.planting.through": "a method, called by `plant` within its transaction",
}
"""What records by itself, and why nothing belongs into the same transaction. Add to it only with such a reason."""


@dataclass(frozen=True)
class Use:
    """One mention of a function: which, by which (none at the top of a module), and whether within a transaction."""

    what: str
    by: str | None
    is_together: bool


def _is_atomic(node: ast.expr) -> bool:
    return "atomic" in ast.unparse(node)


class _Reader(ast.NodeVisitor):
    """Goes through one module and notes which of our functions it mentions."""

    def __init__(self, name: str, tree: ast.Module, known: frozenset[str]) -> None:
        self.uses: list[Use] = []
        self._name = name
        self._by: str | None = None
        self._is_together = False
        self._meant: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for one in node.names:
                    self._meant[one.asname or one.name] = f"{node.module}.{one.name}"
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._meant.setdefault(node.name, f"{name}.{node.name}")
        self._known = known
        self.visit(tree)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        before = self._by, self._is_together
        self._by = f"{self._name}.{node.name}"
        self._is_together = self._is_together or any(_is_atomic(one) for one in node.decorator_list)
        self.generic_visit(node)
        self._by, self._is_together = before

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - the name that ast asks for

    def visit_With(self, node: ast.With) -> None:
        before = self._is_together
        self._is_together = before or any(_is_atomic(one.context_expr) for one in node.items)
        self.generic_visit(node)
        self._is_together = before

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and node.id in self._meant:
            self.uses.append(Use(self._meant[node.id], self._by, self._is_together))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name):
            owner = self._meant.get(node.value.id, "")
            if node.value.id == "self":
                owner = self._name
            if owner in self._known:
                self.uses.append(Use(f"{owner}.{node.attr}", self._by, self._is_together))
        self.generic_visit(node)


def alone(found: list[Module]) -> set[str]:
    """Return the functions that lead to a record outside any transaction, and that nobody else calls."""
    named = {one.path.removeprefix("src/").removesuffix(".py").replace("/", "."): one for one in found}
    uses = [
        use for name, one in named.items() for use in _Reader(name, one.tree, frozenset(named)).uses
        if use.by is None or not use.by.startswith(f"{RECORDING}.")
    ]  # fmt: skip
    open_ones = set(_leading(uses))
    return {one for one in open_ones if not any(use.what == one and use.by for use in uses)}


def _leading(uses: list[Use]) -> Iterator[str]:
    waiting = [f"{RECORDING}.{name}" for name in RECORDERS]
    seen = set(waiting)
    while waiting:
        what = waiting.pop()
        for use in uses:
            if use.what == what and use.by and not use.is_together and use.by not in seen:
                seen.add(use.by)
                waiting.append(use.by)
                yield use.by


def test_every_capability_records_in_the_transaction_of_what_it_changes() -> None:
    assert alone(modules("src")) == set(ALONE)


def test_one_that_records_afterwards_is_found() -> None:
    start = f"from {RECORDING} import note\nfrom django.db import transaction\n"
    helper = "def _tell():\n    note('x')\n"
    bad = "def rename(row):\n    with transaction.atomic():\n        row.save()\n    _tell()\n"
    good = "@transaction.atomic\ndef rename(row):\n    row.save()\n    _tell()\n"
    within = "class Box:\n    def close(self):\n        self._end()\n    def _end(self):\n        note('x')\n"
    assert alone([planted(start + helper + bad)]) == {"allotment.runs.planted.rename"}
    assert alone([planted(start + helper + good)]) == set()
    assert alone([planted(start + within)]) == {"allotment.runs.planted.close"}
