"""Tells which questions must have the same answer: those that differ only in ids that no rule names.

Rules can ask nothing about a string but whether it equals another one. So when every string that neither the rules
nor the schema name is replaced by a sign of its own (the same string by the same sign, different strings by different
ones), the answer stays the same, and a question about a person and an app never seen before is often one that was
answered already.

Invariant: renaming keeps equal what is equal and different what is different, and never touches a string that is
named. Rules that look inside strings (`like`, addresses, dates, tags) are told apart when they are read; for them
nothing is renamed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from cedarpy import pst

_SIGN = "#"
_QUOTED = re.compile(r'"([^"]*)"')
_COMPARISONS = frozenset(
    {"eq", "not_eq", "less", "less_eq", "greater", "greater_eq", "and", "or", "add", "sub", "mul"}
    | {"in", "contains", "contains_all", "contains_any", "not", "neg", "is_empty"}
)
"""Those that see of a string only whether it equals another."""
_TRANSPARENT = (
    *(pst.When, pst.Unless, pst.ScopeAny, pst.ScopeEq, pst.ScopeIn, pst.ScopeIs, pst.ScopeIsIn),
    *(pst.Var, pst.BoolLit, pst.LongLit, pst.StringLit, pst.EntityLit, pst.EntityUid, pst.EntityType),
    *(pst.GetAttr, pst.HasAttr, pst.Is, pst.IfThenElse, pst.Set, pst.Record),
)


def named_strings(policies: Iterable[pst.Template], schema: str) -> frozenset[str] | None:
    """Return every string the rules or the schema name; None when something does more than compare."""
    named = set(_QUOTED.findall(schema))
    for policy in policies:
        for node in _nodes((policy.principal, policy.resource, policy.clauses)):
            match node:
                case pst.UnaryOp(op=op) | pst.BinaryOp(op=op):
                    if op not in _COMPARISONS:
                        return None
                case pst.StringLit(value=text) | pst.EntityUid(id=text):
                    named.add(text)
                case _ if not isinstance(node, _TRANSPARENT):
                    return None
    return None if any(text.startswith(_SIGN) for text in named) else frozenset(named)


def _nodes(value: object) -> Iterator[object]:
    if is_dataclass(value):
        yield value
        parts: Iterable[object] = (getattr(value, field.name) for field in fields(value))
    elif isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, tuple):
        parts = value
    else:
        return
    for part in parts:
        yield from _nodes(part)


class Renaming:
    """Gives signs to the strings of one question, in the order in which they are met."""

    def __init__(self, named: frozenset[str]) -> None:
        self._named = named
        self._signs: dict[str, str] = {}

    def __call__(self, value: Any) -> Any:
        """Return a value as JSON has it, with its strings renamed; the names of its fields stay."""
        if isinstance(value, str):
            return value if value in self._named else self._sign(value)
        if isinstance(value, list):
            return sorted(map(self, value), key=str)
        if isinstance(value, dict):
            # Lists last: then their members get the signs they have as single facts, and the rest is only counted.
            ordered = sorted(value.items(), key=_is_list)
            return {name: self(part) for name, part in ordered}
        return value

    def _sign(self, text: str) -> str:
        return self._signs.setdefault(text, f"{_SIGN}{len(self._signs)}")


def _is_list(fact: tuple[str, Any]) -> bool:
    return isinstance(fact[1], list)
