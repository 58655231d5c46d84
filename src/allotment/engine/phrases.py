"""Phrases: a message with named gaps, filled with marked pieces or with further phrases.

The engine knows no languages. It hands out message ids (plain English, `{gaps}` in them) and what goes into the
gaps; the pages pass `gettext` as `translate` and mark the pieces that are slots.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

_GAP = re.compile(r"\{(\w+)\}")
_LIST_END = " and "

Translate = Callable[[str], str]


@dataclass(frozen=True)
class Piece:
    """A stretch of a sentence. A slot is something of the app; `ref` names it (a path or `name@version`)."""

    text: str
    is_slot: bool = False
    ref: str = ""


@dataclass(frozen=True)
class Phrase:
    """A message and what goes into its gaps."""

    message: str
    values: Mapping[str, "Filling"] = field(default_factory=dict)

    def pieces(self, translate: Translate = str) -> tuple[Piece, ...]:
        """Return the phrase in pieces, in the language of `translate`."""
        return tuple(_pieces(self, translate))

    def __str__(self) -> str:
        return "".join(piece.text for piece in self.pieces())


Filling = Piece | Phrase | tuple["Piece | Phrase", ...]
"""Several are joined as a list in a sentence: a, b and c."""


def _pieces(filling: Filling, translate: Translate) -> Iterator[Piece]:
    if isinstance(filling, Piece):
        yield filling
    elif isinstance(filling, Phrase):
        yield from _phrase(filling, translate)
    else:
        for index, part in enumerate(filling):
            if index:
                is_last = index == len(filling) - 1
                yield Piece(translate(_LIST_END) if is_last else ", ")
            yield from _pieces(part, translate)


def _phrase(phrase: Phrase, translate: Translate) -> Iterator[Piece]:
    for place, part in enumerate(_GAP.split(translate(phrase.message))):
        if place % 2 and part in phrase.values:
            yield from _pieces(phrase.values[part], translate)
        elif part:
            yield Piece(part)
