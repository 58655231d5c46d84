"""Where a value may come from, in words: fields of the form, what earlier steps made, fixed text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from allotment.engine.spec.app import App
from allotment.engine.spec.paths import known_before
from allotment.engine.spec.typed_values import ValueKind
from allotment.microapps.building.naming import spoken

FIXED = "="
Choices = list[tuple[str, str | list[tuple[str, str]]]]


@dataclass(frozen=True)
class Offer:
    """A value that can be chosen at some place."""

    path: str
    words: str
    kind: ValueKind
    options: tuple[str, ...]

    @property
    def is_asked(self) -> bool:
        """Whether it comes from the form."""
        return self.path.startswith("form.")


def offers(spec: App, position: int) -> tuple[Offer, ...]:
    """Return the values that exist before the step at `position` (or before the result, past the last)."""
    return tuple(
        Offer(path, words_of(path, spec), known.kind, known.options)
        for path, known in known_before(spec, position).items()
    )


def words_of(path: str, spec: App) -> str:
    """Return what a path names: a field's label, “the reply”, “the amount of the details”."""
    root, _dot, rest = path.partition(".")
    if root == "form":
        return next((field.label for field in spec.form if field.field == rest), spoken(rest))
    name, _dot, inner = rest.partition(".")
    if inner:
        return _("the %(field)s of the %(name)s") % {"field": spoken(inner), "name": spoken(name)}
    return _("the %(name)s") % {"name": spoken(name)}


def choices(
    offered: Sequence[Offer], spec: App, current: str = "", *, empty: str = "", fixed: bool = False
) -> Choices:
    """Return grouped choices; what is chosen now stays among them when it is no longer there."""
    found: Choices = [("", empty)] if empty else []
    found += _group(_("From the form"), (one for one in offered if one.is_asked))
    found += _group(_("From an earlier step"), (one for one in offered if not one.is_asked))
    if current and current not in {one.path for one in offered} and not current.startswith(FIXED):
        found.append((_("No longer there"), [(current, words_of(current, spec))]))
    if fixed:
        found.append((FIXED, _("This text, always the same:")))
    return found


def _group(title: str, offered: Iterable[Offer]) -> Choices:
    inner = [(one.path, one.words) for one in offered]
    return [(title, inner)] if inner else []
