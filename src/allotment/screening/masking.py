"""Mask and restore: a model sees `[EMAIL_1]`, the person sees the address again.

Invariant: `restore(mask(text).text) == text` for every text without secrets, also when the text already holds
something that looks like a placeholder: its number is never given to a value, and where it was given before,
the look-alike is masked itself (`[TEXT_1]`). One value has one placeholder for the life of a `Masking`.
Refuses: restoring secrets, whatever it is asked to restore.
"""

from collections.abc import Iterable, Iterator
from threading import Lock
from typing import Self

import msgspec

from allotment.screening.findings import Detected, Finding
from allotment.screening.matching import bounded, flat
from allotment.screening.scanning import scan_view

EVERY_KIND = frozenset(Detected)

_LABELS = {
    Detected.EMAIL: "EMAIL",
    Detected.PHONE: "PHONE",
    Detected.IBAN: "IBAN",
    Detected.CARD: "CARD",
    Detected.NATIONAL_ID: "NATIONAL_ID",
    Detected.SECRET: "SECRET",
}
_LOOK_ALIKE_LABEL = "TEXT"
_KINDS = {label: kind for kind, label in _LABELS.items()}
_ANY_LABEL = "|".join((*_KINDS, _LOOK_ALIKE_LABEL))
_PLACEHOLDER = bounded(
    # One class of characters in front, which Python's matcher skips to.
    r"[\[_](?:"
    # In brackets a model may change the letter case, or the underscore to a space, a dash, an escaped one …
    rf"(?<=\[) ?(?i:({_ANY_LABEL.replace('_', '[ _-]')}))(?:\\?_|[ -])(\d{{1,9}}) ?\]"
    # … without brackets only the exact word is unambiguous. It is looked for backwards from its number.
    r"|(?<=_)(\d{1,9})\b)"
)
_WORD_BEFORE = bounded(rf"\b({_ANY_LABEL})$")
_LONGEST_WORD = max(map(len, _KINDS))
Token = tuple[str, int]
"""A placeholder's label and number: `("EMAIL", 1)`."""


class Masked(msgspec.Struct, frozen=True):
    """A text with its findings replaced. The findings are positions in the text before."""

    text: str
    findings: tuple[Finding, ...]


class Piece(msgspec.Struct, frozen=True):
    """A run of a restored text; `kind` says what was put back, and is None for what the model wrote."""

    text: str
    kind: Detected | None


class Remembered(msgspec.Struct, frozen=True):
    """What a `Masking` knows, one value at a time, for storing sealed.

    With a number: the value of placeholder `label_number`, or None if the number is never given.
    Without one (0): a value that was seen and passed unmasked.
    """

    label: str
    number: int
    value: str | None


class Masking:
    """The placeholders of one run. Safe to use from several threads."""

    def __init__(
        self, kinds: Iterable[Detected] = EVERY_KIND, restored: Iterable[Detected] = EVERY_KIND
    ) -> None:
        """Mask `kinds`; put `restored` back, except secrets."""
        self._kinds = frozenset(kinds)
        self._restored = frozenset(restored)
        self._values: dict[Token, str | None] = {}
        self._tokens: dict[tuple[str, str], Token] = {}
        self._passed: set[tuple[str, str]] = set()
        self._last: dict[str, int] = {}
        self._lock = Lock()

    def mask(self, text: str) -> Masked:
        """Replace each finding of the masked kinds by its placeholder."""
        view = flat(text)
        findings = scan_view(view)
        if not findings and not _may_hold_placeholder(view):
            return Masked(text, ())
        with self._lock:
            masked: list[Finding] = []
            for finding in findings:
                if finding.kind in self._kinds:
                    masked.append(finding)
                else:
                    self._passed.add((_LABELS[finding.kind], text[finding.start : finding.end]))
            return Masked("".join(self._masked(text, view, masked)), findings)

    def restore(self, text: str) -> str:
        """Put the masked values back. Secrets and placeholders nobody gave stay as they are."""
        return "".join([piece.text for piece in self.restore_marked(text)])

    def restore_marked(self, text: str) -> tuple[Piece, ...]:
        """Restore, and say which pieces of the result are restored values."""
        pieces: list[Piece] = []
        done = 0
        for start, end, token in _placeholders(flat(text)):
            value = self._values.get(token)
            if value is None or not self._is_restored(token[0]):
                continue
            pieces += (Piece(text[done:start], None), Piece(value, _KINDS.get(token[0])))
            done = end
        pieces.append(Piece(text[done:], None))
        return tuple(piece for piece in pieces if piece.text)

    @property
    def count(self) -> int:
        """How many different values have a placeholder."""
        return sum(
            value is not None and label != _LOOK_ALIKE_LABEL for (label, _), value in self._values.items()
        )

    def knows(self, kind: Detected, value: str) -> bool:
        """Tell whether `value` was in a text given to `mask`."""
        key = (_LABELS[kind], value)
        return key in self._tokens or key in self._passed

    def to_values(self) -> tuple[Remembered, ...]:
        """Return everything `from_values` needs. It holds the personal values: store it sealed."""
        with self._lock:
            given = [Remembered(label, number, value) for (label, number), value in self._values.items()]
            return (*given, *(Remembered(label, 0, value) for label, value in sorted(self._passed)))

    @classmethod
    def from_values(
        cls,
        values: Iterable[Remembered],
        kinds: Iterable[Detected] = EVERY_KIND,
        restored: Iterable[Detected] = EVERY_KIND,
    ) -> Self:
        """Return a `Masking` that goes on where the one that gave `values` stopped."""
        masking = cls(kinds, restored)
        for entry in values:
            token = (entry.label, entry.number)
            if entry.number or entry.value is None:
                masking._values[token] = entry.value
            if entry.value is not None and entry.number:
                masking._tokens[entry.label, entry.value] = token
                masking._last[entry.label] = max(masking._last.get(entry.label, 0), entry.number)
            elif entry.value is not None:
                masking._passed.add((entry.label, entry.value))
        return masking

    def _is_restored(self, label: str) -> bool:
        kind = _KINDS.get(label)
        return kind is None or (kind is not Detected.SECRET and kind in self._restored)

    def _masked(self, text: str, view: bytes, findings: list[Finding]) -> list[str]:
        starts = [0, *[finding.end for finding in findings]]
        ends = [*[finding.start for finding in findings], len(text)]
        look_alikes = [tuple(_placeholders(view[start:end])) for start, end in zip(starts, ends, strict=True)]
        for _, _, token in (found for gap in look_alikes for found in gap):
            self._values.setdefault(token, None)  # never give this number to a value
        parts = [self._escaped(text[: ends[0]], look_alikes[0])]
        for place, finding in enumerate(findings, 1):
            value = text[finding.start : finding.end]
            gap = text[starts[place] : ends[place]]
            parts += self._placeholder(_LABELS[finding.kind], value), self._escaped(gap, look_alikes[place])
        return parts

    def _escaped(self, gap: str, look_alikes: tuple[tuple[int, int, Token], ...]) -> str:
        """Mask the look-alikes in a text between findings whose number has a value."""
        if not look_alikes:
            return gap
        parts: list[str] = []
        done = 0
        for start, end, token in look_alikes:
            if self._values[token] is not None:
                parts += (gap[done:start], self._placeholder(_LOOK_ALIKE_LABEL, gap[start:end]))
                done = end
        return "".join((*parts, gap[done:]))

    def _placeholder(self, label: str, value: str) -> str:
        token = self._tokens.get((label, value))
        if token is None:
            number = self._last.get(label, 0) + 1
            while (label, number) in self._values:
                number += 1
            token = (label, number)
            self._last[label] = number
            self._values[token] = value
            self._tokens[label, value] = token
        return f"[{token[0]}_{token[1]}]"


def _may_hold_placeholder(view: bytes) -> bool:
    """Every placeholder has a bracket or an underscore; looking for those is cheaper than for placeholders."""
    return b"[" in view or b"_" in view


def _placeholders(view: bytes) -> Iterator[tuple[int, int, Token]]:
    if not _may_hold_placeholder(view):
        return
    for match in _PLACEHOLDER.finditer(view):
        start, end = match.span()
        if match.span(1)[0] >= 0:
            label = match.group(1).decode().upper().replace(" ", "_").replace("-", "_")
            yield start, end, (label, int(match.group(2)))
        elif word := _WORD_BEFORE.search(view, max(0, start - _LONGEST_WORD), start):
            yield word.span()[0], end, (word.group(1).decode(), int(match.group(3)))
