"""Release a model's answer while it arrives: screened sentence by sentence, with masked values put back.

Invariant: however the answer is cut into chunks, the released text is the same. Nothing is shown before the
sentence it belongs to is complete and screened. Refuses: showing a secret, and showing a part of a private
key block.
"""

from allotment.screening.findings import Detected, Finding
from allotment.screening.masking import Masking
from allotment.screening.matching import bounded, flat
from allotment.screening.scanning import is_clear, scan_view
from allotment.screening.secrets import has_open_private_key

WITHHELD = "[withheld: secret]"
_ENDS = r"[.!?:]['\")\]*_`]{0,3}[ \t\n\f\r]|\n"
_SENTENCE_END = bounded(_ENDS)
_LAST_SENTENCE_END = bounded(rf"(?s).*(?:{_ENDS})")
_LONGEST_SENTENCE_END = 5
_REMEMBERED = 96
"""Characters of the sentence before that may hold the word which names a value in this one."""
_LONGEST_KEY_BLOCK = 16_384
"""Characters a private key block may take to end; after that it is withheld as far as it came."""


class Release:
    """Holds an answer back to its last complete sentence. One for each answer."""

    def __init__(self, masking: Masking) -> None:
        self._masking = masking
        self._held = ""
        self._searched = 0
        self._before = ""
        self._released = 0
        self._findings: list[Finding] = []

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the answer held that no input did, as positions in the released text; secrets are withheld."""
        return tuple(self._findings)

    def push(self, chunk: str) -> str:
        """Take the next part of the answer; return the text that may be shown now, often empty."""
        self._held += chunk
        start = max(0, self._searched - _LONGEST_SENTENCE_END)
        self._searched = len(self._held)
        view = flat(self._held[start:])
        last = _LAST_SENTENCE_END.match(view)
        if last is None:
            return ""
        end = start + last.span()[1]
        if is_clear(flat(self._before + self._held[:end])):
            return self._let_go(end, self._plain(self._held[:end]))
        return self._sentence_by_sentence([start + m.span()[1] for m in _SENTENCE_END.finditer(view)])

    def _sentence_by_sentence(self, ends: list[int]) -> str:
        shown: list[str] = []
        done = 0
        for end in ends:
            sentence = self._held[done:end]
            if end > done and (
                len(sentence) > _LONGEST_KEY_BLOCK or not has_open_private_key(flat(sentence))
            ):
                shown.append(self._screened(sentence))
                done = end
        return self._let_go(done, "".join(shown))

    def _let_go(self, end: int, shown: str) -> str:
        self._held = self._held[end:]
        self._searched -= end
        return shown

    def finish(self) -> str:
        """Return the rest: the answer is complete."""
        rest, self._held, self._searched = self._held, "", 0
        return self._screened(rest)

    def whole(self, answer: str) -> str:
        """Take a complete answer at once, and return it as it may be shown."""
        self._held += answer
        return self.finish()

    def _plain(self, text: str) -> str:
        """Restore a text in which no sentence holds anything. No placeholder reaches across the end of a sentence."""
        self._before = (self._before + text)[-_REMEMBERED:]
        restored = self._masking.restore(text)
        self._released += len(restored)
        return restored

    def _screened(self, sentence: str) -> str:
        view = flat(self._before + sentence)
        if is_clear(view):
            return self._plain(sentence)
        offset = len(self._before)
        parts: list[str] = []
        done = 0
        for found in scan_view(view):
            start, end = max(0, found.start - offset), found.end - offset
            value = sentence[start : max(start, end)]
            if not value or (found.kind is not Detected.SECRET and self._masking.knows(found.kind, value)):
                continue
            self._show(parts, self._masking.restore(sentence[done:start]))
            shown_from = self._released
            self._show(parts, WITHHELD if found.kind is Detected.SECRET else value)
            self._findings.append(
                Finding(found.kind, shown_from, self._released, found.detector, found.certain)
            )
            done = end
        self._show(parts, self._masking.restore(sentence[done:]))
        self._before = (self._before + sentence)[-_REMEMBERED:]
        return "".join(parts)

    def _show(self, parts: list[str], text: str) -> None:
        parts.append(text)
        self._released += len(text)
