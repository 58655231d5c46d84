"""What changed between two specs, in sentences a reviewer can read.

Invariant: no differences exactly when the two have the same digest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from allotment.engine.phrases import Filling, Phrase, Piece
from allotment.engine.spec import yaml_text
from allotment.engine.spec.app import App
from allotment.engine.spec.reading import to_plain
from allotment.engine.spec.sentences import template_piece

Kind = Literal["added", "removed", "changed", "moved"]
Plain = Mapping[str, Any]

ADDED = "{part} is new"
REMOVED = "{part} is gone"
MOVED = "{part} comes at another place"
CHANGED = "{part}: {key} is now {after} instead of {before}"
GIVEN = "{part}: {key} is now {after}"
TAKEN_AWAY = "{part} no longer has {key} ({before})"
VERSION = "{part} now uses {after} instead of {before}"
PART_NAMES = {
    "form": "Field {name}",
    "steps": "Step {name}",
    "result": "Result part {name}",
    "sample": "Example for {name}",
}
APP = "The app"
_KEYS = {"form": "field", "steps": "step", "result": "from"}


@dataclass(frozen=True)
class Difference:
    """One change. `before` and `after` are as they stand in the YAML; empty when there is none."""

    where: str
    kind: Kind
    before: str
    after: str
    sentence: Phrase


def differences(old: App, new: App, titles: Mapping[str, str] | None = None) -> tuple[Difference, ...]:
    """Return what changed from `old` to `new`, in reading order. `titles` are template titles by reference."""
    before, after = to_plain(old), to_plain(new)
    found: list[Difference] = []
    for key in dict.fromkeys((*before, *after)):
        if key in _KEYS:
            found += _parts(key, before.get(key, []), after.get(key, []), titles)
        elif key == "sample":
            found += _mapping(key, before.get(key, {}), after.get(key, {}))
        elif key == "data":
            found += _keys("data", Phrase(APP), before.get(key, {}), after.get(key, {}), titles)
        else:
            found += _keys("", Phrase(APP), _only(before, key), _only(after, key), titles)
    return tuple(found)


def _only(plain: Plain, key: str) -> Plain:
    return {key: plain[key]} if key in plain else {}


def _parts(
    part: str, before: list[Plain], after: list[Plain], titles: Mapping[str, str] | None
) -> Iterator[Difference]:
    old, new = _by_name(part, before), _by_name(part, after)
    kept_before = [name for name in old if name in new]
    kept_after = [name for name in new if name in old]
    for name in dict.fromkeys((*old, *new)):
        phrase, where = _part(part, name), f"{part}.{name}"
        if name not in new:
            yield Difference(where, "removed", _yaml(old[name]), "", Phrase(REMOVED, {"part": phrase}))
        elif name not in old:
            yield Difference(where, "added", "", _yaml(new[name]), Phrase(ADDED, {"part": phrase}))
        else:
            place = kept_before.index(name), kept_after.index(name)
            if place[0] != place[1]:
                moved = Phrase(MOVED, {"part": phrase})
                yield Difference(where, "moved", str(place[0] + 1), str(place[1] + 1), moved)
            yield from _keys(where, phrase, old[name], new[name], titles)


def _by_name(part: str, entries: list[Plain]) -> dict[str, Plain]:
    named: dict[str, Plain] = {}
    for entry in entries:
        name = str(entry[_KEYS[part]])
        while name in named:  # shown twice, or a draft with a name given twice
            name += "′"
        named[name] = entry
    return named


def _mapping(part: str, before: Plain, after: Plain) -> Iterator[Difference]:
    for name in dict.fromkeys((*before, *after)):
        phrase, where = _part(part, name), f"{part}.{name}"
        if name not in after:
            yield Difference(where, "removed", before[name], "", Phrase(REMOVED, {"part": phrase}))
        elif name not in before:
            yield Difference(where, "added", "", after[name], Phrase(ADDED, {"part": phrase}))
        elif before[name] != after[name]:
            yield _changed(where, phrase, "text", (before[name], after[name]))


def _keys(
    where: str, phrase: Phrase, before: Plain, after: Plain, titles: Mapping[str, str] | None
) -> Iterator[Difference]:
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) == after.get(key):
            continue
        place = f"{where}.{key}" if where else key
        pair = (before.get(key), after.get(key))
        if key == "template" and all(pair):
            old, new = template_piece(before[key], titles), template_piece(after[key], titles)
            sentence = Phrase(VERSION, {"part": phrase, "before": old, "after": new})
            yield Difference(place, "changed", before[key], after[key], sentence)
        else:
            yield _changed(place, phrase, key, pair)


def _changed(where: str, phrase: Phrase, key: str, pair: tuple[Any, Any]) -> Difference:
    before, after = (_yaml(value) for value in pair)
    message = TAKEN_AWAY if pair[1] is None else GIVEN if pair[0] is None else CHANGED
    gaps: dict[str, Filling] = {
        "part": phrase,
        "key": Piece(_spoken(key)),
        "before": _quoted(before),
        "after": _quoted(after),
    }
    kind: Kind = "removed" if pair[1] is None else "added" if pair[0] is None else "changed"
    return Difference(where, kind, before, after, Phrase(message, gaps))


def _part(part: str, name: str) -> Phrase:
    return Phrase(PART_NAMES[part], {"name": Piece(f"“{name}”", is_slot=True, ref=f"{part}.{name}")})


def _quoted(text: str) -> Piece:
    return Piece(f"“{text}”", is_slot=True)


def _spoken(key: str) -> str:
    return key.replace("_", " ")


def _yaml(value: Any) -> str:
    """Return a value as the YAML shows it, without the quotes of a bare text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else yaml_text.write_part(value)
