"""Changes of what an app shows in the end, as functions from one plain spec to the next."""

from collections.abc import Iterable
from typing import Literal

from django.utils.translation import gettext as _

from allotment.engine.spec.words import MOST_FIELDS
from allotment.kernel.errors import TooLarge
from allotment.microapps.building.fields import moved
from allotment.microapps.building.naming import Plain, line, parts

Show = Literal["text", "label", "fields", "list", "table", "chart"]


def shown(path: str, show: str, title: str = "") -> Plain:
    """Return one part of a result."""
    part: Plain = {"show": show, "from": path}
    return {**part, "title": line(title)} if line(title) else part


def show(plain: Plain, path: str, how: Show) -> Plain:
    """Show a value at the end of the result, unless it is shown already."""
    result = parts(plain, "result")
    if any(part.get("from") == path for part in result):
        return plain
    if len(result) >= MOST_FIELDS:
        raise TooLarge(
            _("A result shows at most %(most)s values.") % {"most": MOST_FIELDS},
            hint=_("Take one out first."),
        )
    return {**plain, "result": [*result, shown(path, how)]}


def set_result(plain: Plain, result: Iterable[Plain]) -> Plain:
    """Show exactly these parts, in this order."""
    return {**plain, "result": list(result)}


def show_differently(plain: Plain, path: str, how: Show) -> Plain:
    """Show a value in another way wherever it is shown."""
    result = [{**part, "show": how} if part.get("from") == path else part for part in parts(plain, "result")]
    return {**plain, "result": result}


def move_shown(plain: Plain, index: int, by: int) -> Plain:
    """Move one part of the result up (-1) or down (1)."""
    result = parts(plain, "result")
    return {**plain, "result": moved(result, index if 0 <= index < len(result) else None, by)}


def remove_shown(plain: Plain, index: int) -> Plain:
    """Show one value less."""
    result = parts(plain, "result")
    return {**plain, "result": [part for at, part in enumerate(result) if at != index]}
