"""The published JSON Schema of the app spec, derived from the structs in `app` (draft 2020-12).

Invariant: plain data is valid against the schema exactly when `reading.from_plain` accepts it.
"""

import copy
from functools import cache
from typing import Any

import msgspec

from allotment.engine.spec.app import App

SCHEMA_ID = "https://allotment.dev/schema/app-1.json"


@cache
def _schema() -> dict[str, Any]:
    (_,), definitions = msgspec.json.schema_components((App,))
    root = definitions.pop("App")
    root["title"] = "An Allotment app"
    root["description"] = (
        "A micro app as data: a form, a closed set of typed steps, a result. "
        "Values are named by path only; there are no expressions, no code and no addresses."
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **root,
        "$defs": definitions,
    }


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of app specs, version 1."""
    return copy.deepcopy(_schema())
