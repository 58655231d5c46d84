"""Reading and writing app specs: YAML text or plain data to `App`, and back.

Invariant: `from_plain(to_plain(app)) == app` and `read_yaml(write_yaml(app)) == app`. What is read has the
right structure; whether it makes sense is `validation`'s question, so that a draft being built can be read.
Refuses: everything the published schema does not allow, with `BrokenSpec` and every reason.
"""

from typing import Any

import msgspec

from allotment.engine.spec import yaml_text
from allotment.engine.spec.app import App
from allotment.engine.spec.problems import BrokenSpec, SpecProblem
from allotment.engine.spec.structure import structural_problems
from allotment.engine.spec.yaml_text import Located

_FIRST_KEYS = ("step", "do")
"""msgspec writes a struct's tag first; people read a step's name first."""


def read_yaml(text: str) -> App:
    """Return the app written in YAML; raises `BrokenSpec`."""
    return from_located(yaml_text.parse(text))


def from_plain(data: Any) -> App:
    """Return the app in plain data (parsed JSON or YAML); raises `BrokenSpec`."""
    return from_located(Located(data))


def from_located(located: Located) -> App:
    """Return the app in plain data that remembers its lines; raises `BrokenSpec`."""
    if problems := structural_problems(located.data, located.line_of):
        raise BrokenSpec(problems)
    try:
        return msgspec.convert(located.data, App)
    except msgspec.ValidationError as error:
        # The walk follows the schema derived from the same structs, so this is a value neither foresaw.
        raise BrokenSpec([SpecProblem("the app", f"It cannot be read: {error}.")]) from error


def to_plain(app: App) -> dict[str, Any]:
    """Return plain data (dict, list, str, int, bool, None) in the order people read it, without defaults."""
    plain: dict[str, Any] = msgspec.to_builtins(app)
    return {key: _tidied(value) for key, value in plain.items() if value != {}}


def write_yaml(app: App) -> str:
    """Return the app as YAML: stable, in reading order, one line for each short part."""
    return yaml_text.write(to_plain(app))


def _tidied(value: Any) -> Any:
    if isinstance(value, dict):
        first = {key: value[key] for key in _FIRST_KEYS if key in value}
        # msgspec leaves out empty lists and mappings by itself, but not structs that hold only defaults.
        return {key: _tidied(inner) for key, inner in {**first, **value}.items() if inner != {}}
    return [_tidied(inner) for inner in value] if isinstance(value, list | tuple) else value
