"""The working copy as the builder holds it: its plain data, and as much of it as can be read.

Invariant: every field and step can be addressed by name, also in a spec that is broken elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from allotment.engine.principals import Actor
from allotment.engine.spec.app import App
from allotment.engine.spec.problems import BrokenSpec, SpecProblem
from allotment.engine.spec.reading import from_plain, to_plain
from allotment.microapps.building.naming import Plain, named, parts
from allotment.microapps.values import AppDetail

_LISTS = ("form", "steps", "result")
_SINGLE = ("title", "purpose", "data", "sample")


@dataclass(frozen=True)
class Draft:
    """An app being built."""

    app: AppDetail
    plain: Plain
    spec: App
    """What can be read of it."""
    problems: tuple[SpecProblem, ...]
    """Why it cannot be read whole; empty when it can."""
    maker: Actor | None = None
    """Who builds it; None where nobody does, and then no model is asked for help."""

    def has_read(self, part: str, name: str) -> bool:
        """Whether a field (`form`) or step (`steps`) could be read."""
        names = (
            {field.field for field in self.spec.form}
            if part == "form"
            else {one.step for one in self.spec.steps}
        )
        return name in names

    def position(self, step: str) -> int:
        """Return where a step stands among the readable ones; past the last when it is not among them."""
        names = [one.step for one in self.spec.steps]
        return names.index(step) if step in names else len(names)


def draft_of(app: AppDetail, maker: Actor | None = None) -> Draft:
    """Return the working copy of an app, whatever state it is in."""
    return replace(drafted(app, app.working_plain), maker=maker)


def drafted(app: AppDetail, plain: Plain) -> Draft:
    """Return plain data as a draft of this app."""
    addressable = named(plain)
    try:
        return Draft(app, addressable, from_plain(addressable), ())
    except BrokenSpec as broken:
        return Draft(app, addressable, from_plain(readable_parts(app, addressable)), broken.problems)


def readable_parts(app: AppDetail, plain: Plain) -> Plain:
    """Return the spec with everything left out that cannot be read."""
    bare: Plain = {"allotment": 1, "name": app.slug, "title": app.title or app.slug, "purpose": app.purpose}
    kept = dict(bare)
    for key in _SINGLE:
        if key in plain and _can_be_read({**bare, key: plain[key]}):
            kept[key] = plain[key]
    for key in _LISTS:
        kept[key] = [part for part in parts(plain, key) if _can_be_read({**bare, key: [part]})]
    return to_plain(from_plain(kept))


def unreadable(draft: Draft) -> Iterator[str]:
    """Name the steps that cannot be read."""
    return (
        str(step["step"]) for step in parts(draft.plain, "steps") if not draft.has_read("steps", step["step"])
    )


def _can_be_read(plain: Plain) -> bool:
    try:
        from_plain(plain)
    except BrokenSpec:
        return False
    return True
