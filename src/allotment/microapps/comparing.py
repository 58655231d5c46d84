"""Comparing two versions in sentences: what is new, gone, changed or moved, in the reader's language."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from allotment.engine.phrases import Piece
from allotment.engine.spec.app import App, AsksModel
from allotment.engine.spec.differences import Kind, differences
from allotment.engine.spec.sentences import sentences
from allotment.microapps.surroundings import templates_for


@dataclass(frozen=True)
class Change:
    """One thing that differs."""

    kind: Kind
    pieces: tuple[Piece, ...]


def compare(before: App | None, after: App) -> tuple[Change, ...]:
    """Return what changed; against nothing, every sentence of the app is new."""
    titles = titles_for(one for one in (before, after) if one is not None)
    if before is None:
        return tuple(Change("added", sentence.pieces(_)) for sentence in sentences(after, titles))
    return tuple(Change(one.kind, one.sentence.pieces(_)) for one in differences(before, after, titles))


def titles_for(specs: Iterable[App]) -> dict[str, str]:
    """Return the titles of the templates these specs name, by reference."""
    return {
        reference: facts.title
        for spec in specs
        if any(isinstance(step, AsksModel) for step in spec.steps)
        for reference, facts in templates_for(spec).items()
    }
