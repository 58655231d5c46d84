"""References: which parts of a spec use a value, following a rename, and letting go of what is removed.

Invariant: every place that can hold a path is known here, so that no operation leaves a stale one behind.
"""

from collections.abc import Callable, Iterator
from typing import Any

from allotment.engine.spec.paths import is_literal
from allotment.microapps.building.naming import Plain, mapping, parts

RESULT = "_result"
"""The result as a part that uses a value; no step can have this name."""

Change = Callable[[str], str]


def covers(path: str, source: object) -> bool:
    """Whether a source is `path` or something inside it."""
    return isinstance(source, str) and (source == path or source.startswith(f"{path}."))


def users_of(plain: Plain, path: str) -> tuple[str, ...]:
    """Return the names of the steps that use a value, and `RESULT` when it is shown."""
    users = [
        str(step.get("step"))
        for step in parts(plain, "steps")
        if any(covers(path, source) for source in _sources(step)) or _jumps_to(step, path)
    ]
    shown = any(covers(path, part.get("from")) for part in parts(plain, "result"))
    return (*users, *((RESULT,) if shown else ()))


def renamed(plain: Plain, old: str, new: str) -> Plain:
    """Return the spec with every use of the path `old` turned into `new`."""

    def follow(source: str) -> str:
        return new + source[len(old) :] if covers(old, source) else source

    changed = {
        **plain,
        "steps": [_changed(step, follow) for step in parts(plain, "steps")],
        "result": [_changed_key(part, "from", follow) for part in parts(plain, "result")],
    }
    if old.startswith("steps.") and old.count(".") == 1:
        changed["steps"] = [_jumping(step, old[6:], new[6:]) for step in changed["steps"]]
    return changed


def without(plain: Plain, path: str) -> Plain:
    """Return the spec with every use of a value taken out: slots become empty, cases that asked for it go."""
    return {
        **plain,
        "steps": [_letting_go(step, path) for step in parts(plain, "steps")],
        "result": [part for part in parts(plain, "result") if not covers(path, part.get("from"))],
    }


def _sources(step: Plain) -> Iterator[Any]:
    yield from mapping(step, "with").values()
    yield from mapping(step, "values").values()
    yield from (step.get("from"), step.get("rows"))
    yield from (operation.get("table") for operation in parts(step, "plan"))
    yield step.get("otherwise")
    for case in parts(step, "cases"):
        yield case.get("value")
        yield from (condition.get("value") for condition in parts(case, "when"))


def _jumps_to(step: Plain, path: str) -> bool:
    return any(path == f"steps.{case.get('go_to')}" for case in parts(step, "cases") if case.get("go_to"))


def _changed(step: Plain, change: Change) -> Plain:
    for key in ("from", "rows", "otherwise"):
        step = _changed_key(step, key, change)
    for key in ("with", "values"):
        if isinstance(step.get(key), dict):
            step = {**step, key: {slot: _source(source, change) for slot, source in step[key].items()}}
    if isinstance(step.get("plan"), list):
        step = {**step, "plan": [_changed_key(one, "table", change) for one in parts(step, "plan")]}
    if isinstance(step.get("cases"), list):
        step = {**step, "cases": [_changed_case(case, change) for case in parts(step, "cases")]}
    return step


def _changed_case(case: Plain, change: Change) -> Plain:
    when = [_changed_key(condition, "value", change) for condition in parts(case, "when")]
    return {**_changed_key(case, "value", change), "when": when}


def _changed_key(part: Plain, key: str, change: Change) -> Plain:
    return {**part, key: _source(part[key], change)} if key in part else part


def _source(source: Any, change: Change) -> Any:
    return source if not isinstance(source, str) or is_literal(source) else change(source)


def _jumping(step: Plain, old: str, new: str) -> Plain:
    if not isinstance(step.get("cases"), list):
        return step
    cases = [{**case, "go_to": new} if case.get("go_to") == old else case for case in parts(step, "cases")]
    return {**step, "cases": cases}


def _letting_go(step: Plain, path: str) -> Plain:
    for key in ("with", "values"):
        if isinstance(step.get(key), dict):
            kept = {slot: source for slot, source in step[key].items() if not covers(path, source)}
            step = {**step, key: kept}
    if isinstance(step.get("plan"), list):
        plan = [operation for operation in parts(step, "plan") if not covers(path, operation.get("table"))]
        step = {**step, "plan": plan}
    if covers(path, step.get("otherwise")):
        step = {key: value for key, value in step.items() if key != "otherwise"}
    if isinstance(step.get("cases"), list):
        cases = (_case_without(case, path) for case in parts(step, "cases"))
        step = {**step, "cases": [case for case in cases if case is not None]}
    return step


def _case_without(case: Plain, path: str) -> Plain | None:
    when = parts(case, "when")
    kept = [condition for condition in when if not covers(path, condition.get("value"))]
    jumps = bool(case.get("go_to")) and path == f"steps.{case['go_to']}"
    takes = covers(path, case.get("value"))
    return None if jumps or takes or (when and not kept) else {**case, "when": kept}
