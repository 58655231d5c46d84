"""The shipped starters and templates, read from their files."""

from functools import cache
from pathlib import Path

import yaml

import allotment
from allotment.engine.spec.app import App
from allotment.engine.spec.reading import from_located
from allotment.engine.spec.yaml_text import parse
from allotment.engine.templates import Slot, Template, template_digest

_ROOT = Path(allotment.__file__).parent
STARTER_FILES = tuple(sorted((_ROOT / "microapps" / "starters").glob("*.yaml")))
TEMPLATE_FILES = tuple(sorted((_ROOT / "prompts" / "library").glob("*.yaml")))


@cache
def starters() -> dict[str, App]:
    found = {}
    for file in STARTER_FILES:
        located = parse(file.read_text(encoding="utf-8"))
        located.data.pop("starter")
        found[file.stem] = from_located(located)
    return found


@cache
def templates() -> dict[str, Template]:
    return {template.reference: template for template in map(_template, TEMPLATE_FILES)}


def _template(file: Path) -> Template:
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    slots = tuple(
        Slot(
            name=slot["name"],
            label=slot["label"],
            kind=slot.get("kind", "text"),
            is_required=slot.get("required", True),
            max_length=slot.get("max_length", 4000),
            options=tuple(slot.get("options", ())),
            example=slot.get("example", ""),
        )
        for slot in data["slots"]
    )
    digest = template_digest(data["system"], data["user"], slots)
    return Template(data["name"], 1, data["title"], data["system"], data["user"], slots, digest)
