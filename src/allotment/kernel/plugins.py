"""The plugin registry: a plugin is one folder under `adapters/<family>/`, and adding one changes nothing else.

Each folder's package exposes `plugin`, an object of the family's port type with a `kind` equal to the
folder's name.
"""

import importlib
import pkgutil
from functools import cache
from typing import Any

from allotment.kernel.errors import Misconfigured


@cache
def plugins(family: str) -> dict[str, Any]:
    """Return every plugin of `adapters.<family>`, by kind, in alphabetical order.

    `family` is a package name such as `providers`. The caller knows the port type of its family.
    """
    package = importlib.import_module(f"allotment.adapters.{family}")
    found: dict[str, Any] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        if module.ispkg:
            found[module.name] = plugin(family, module.name)
    return found


@cache
def plugin(family: str, kind: str) -> Any:
    """Return one plugin, without importing the others of its family (which may need optional parts)."""
    found = getattr(importlib.import_module(f"allotment.adapters.{family}.{kind}"), "plugin", None)
    if found is None or found.kind != kind:
        raise Misconfigured(
            f"The folder adapters/{family}/{kind} has no `plugin` of that kind.",
            hint="Expose `plugin` with `kind` equal to the folder's name.",
        )
    return found
