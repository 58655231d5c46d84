"""Patterns over a flat view of a text: one byte per character, so a position in the view is one in the text.

Invariant: `len(flat(text)) == len(text)` for every string, lone surrogates included. Patterns run on RE2,
so a search is linear in the text whatever the text is. Look-alikes (full-width digits, typographic dashes)
flatten to their plain form, so writing a number with them does not hide it. Refuses: knowing what a match
means.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, cast

import re2

_LATIN_1_END = 0x100
_ANY_LETTER = "ÿ"
"""Stands for every letter or digit outside Latin-1, so that it still joins a word."""
_MOST_STATE_BYTES = 64 * 1024 * 1024
_SAID_BEFORE = 48
"""How many characters before a value may hold the word that names it."""


class Match(Protocol):
    """The part of a match that detectors use."""

    def span(self, group: int = 0) -> tuple[int, int]: ...

    def group(self, group: int = 0) -> bytes: ...


class Pattern(Protocol):
    """A compiled pattern over flat views."""

    @property
    def pattern(self) -> bytes: ...

    def search(self, view: bytes, pos: int = 0, endpos: int | None = None) -> Match | None: ...

    def match(self, view: bytes, pos: int = 0, endpos: int | None = None) -> Match | None: ...

    def fullmatch(self, view: bytes, pos: int = 0, endpos: int | None = None) -> Match | None: ...

    def finditer(self, view: bytes, pos: int = 0, endpos: int | None = None) -> Iterator[Match]: ...


@dataclass(frozen=True)
class Words:
    """Words that name a kind of value, such as `ssn` or `Steuer-ID`."""

    pattern: Pattern

    def before(self, view: bytes, start: int) -> bool:
        """Tell whether one of the words stands shortly before position `start`."""
        return self.pattern.search(view[max(0, start - _SAID_BEFORE) : start]) is not None


def compiled(source: str) -> Pattern:
    """Compile an RE2 pattern for flat views."""
    return cast("Pattern", re2.compile(source.encode("latin-1"), _options()))


def _options() -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return options


def bounded(source: str) -> Pattern:
    """Compile a pattern that looks at a few characters from wherever it starts, so that it needs no RE2 to be linear.

    Python's own matcher starts faster, and keeps the interpreter: RE2 lets other threads run during each search, and in
    a busy process it is a while until this one has its turn again.
    """
    return cast("Pattern", re.compile(source.encode("latin-1")))


def hint(patterns: Iterable[Pattern]) -> str:
    """Return the source of a pattern that is found in every text which holds a match of one of `patterns`.

    Wherever that text is cut out of a longer one, the hint is found in the longer one too: word boundaries
    depend on the cut, so they are left out. The patterns may not hold other conditions on what is around.
    """
    return "|".join(
        f"(?:{source})"
        for source in dict.fromkeys(p.pattern.decode("latin-1").replace(r"\b", "") for p in patterns)
    )


class Hints:
    """Several hints, each by a number: one search says which of them a text holds.

    A set of patterns is matched by RE2's automaton alone, which needs memory for its states; unlike a single pattern
    it has nothing to fall back on. The most it may take is therefore far above what it takes.
    """

    def __init__(self, *hints: str) -> None:
        options = _options()
        options.never_capture = True
        options.max_mem = _MOST_STATE_BYTES
        self._set = re2.Set.SearchSet(options)
        for each in hints:
            self._set.Add(each.encode("latin-1"))
        self._set.Compile()

    def held_by(self, view: bytes) -> Sequence[int]:
        """Return the numbers of the hints that `view` holds, in no order; the first hint has number 0."""
        return self._set.Match(view) or ()


def words(source: str, *, adjacent: bool = False) -> Words:
    """Compile alternatives such as `ssn|social security` into whole words in any letter case.

    Adjacent words must stand right before the value: a few characters between, no digit among them.
    """
    after = "(?:[^a-z0-9][^0-9]{0,24})?$" if adjacent else "(?:[^a-z0-9]|$)"
    return Words(compiled(rf"(?i)(?:^|[^a-z0-9])(?:{source}){after}"))


@lru_cache(maxsize=8192)
def _flat_character(character: str) -> str:
    if ord(character) < _LATIN_1_END:
        return character
    plain = unicodedata.normalize("NFKC", character)
    if len(plain) == 1 and ord(plain) < _LATIN_1_END:
        return plain
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category == "Pd":
        return "-"
    if category[0] == "Z":
        return " "
    return _ANY_LETTER if category[0] in "LMN" else "?"


def _flattened(error: UnicodeError) -> tuple[str, int]:
    """Stand in for a run of characters outside Latin-1; see `codecs.register_error`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_flat_character, error.object[error.start : error.end])), error.end


codecs.register_error("allotment.flat", _flattened)


def flat(text: str) -> bytes:
    """Return the view of `text`: one Latin-1 byte for each of its characters."""
    return text.encode("latin-1", "allotment.flat")


def digits(value: bytes) -> str:
    """Return the decimal digits of `value`, without what separates them."""
    return "".join(chr(byte) for byte in value if 0x30 <= byte <= 0x39)  # noqa: PLR2004 - ASCII 0 to 9


def stands_alone(view: bytes, start: int, end: int) -> bool:
    """Tell whether `view[start:end]` is not glued to a letter, digit or underscore on either side."""
    return not (_is_word(view[start - 1 : start]) if start else False) and not _is_word(view[end : end + 1])


def _is_word(byte: bytes) -> bool:
    return byte.isalnum() or byte == b"_" or byte >= b"\xc0"
