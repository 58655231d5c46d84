"""Scan a text: every detector, one answer without overlaps.

Invariant: findings are ordered and do not overlap; of two that would, the certain one stays, else a secret,
else the longer. Refuses: changing the text; see `masking.py` and `streaming.py`.
"""

from bisect import bisect
from collections.abc import Iterable, Iterator

from allotment.screening import national_ids, passwords, personal, phones, secrets
from allotment.screening.findings import Detected, Finding
from allotment.screening.matching import compiled, flat

_DIGIT = compiled(r"\d")


def scan(text: str) -> tuple[Finding, ...]:
    """Return what was found in `text`, in order, as positions of its characters. Linear in its length."""
    view = flat(text)
    return tuple(_without_overlaps(_candidates(view)))


def _candidates(view: bytes) -> Iterator[Finding]:
    yield from secrets.find(view)
    yield from passwords.find(view)
    yield from personal.find(view)
    if _DIGIT.search(view):
        yield from phones.find(view)
        yield from national_ids.find(view)


def _rank(finding: Finding) -> tuple[bool, bool, int, int, str]:
    """Sort the finding that should stay first; the rest of the key only makes the order total."""
    longer = finding.start - finding.end
    return (not finding.certain, finding.kind is not Detected.SECRET, longer, finding.start, finding.detector)


def _without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for finding in sorted(findings, key=_rank):
        place = bisect(kept, finding.start, key=_start)
        after_previous = place == 0 or kept[place - 1].end <= finding.start
        before_next = place == len(kept) or kept[place].start >= finding.end
        if after_previous and before_next:
            kept.insert(place, finding)
    return kept


def _start(finding: Finding) -> int:
    return finding.start
