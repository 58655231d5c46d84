"""Scan a text: every detector, one answer without overlaps.

Invariant: findings are ordered and do not overlap; of two that would, the certain one stays, else a secret,
else the longer. Refuses: changing the text; see `masking.py` and `streaming.py`.
"""

from bisect import bisect
from collections.abc import Iterator

from allotment.screening import national_ids, passwords, personal, phones, secrets
from allotment.screening.findings import Detected, Finding
from allotment.screening.matching import Hints, flat

_HINTS = Hints(secrets.HINT, passwords.HINT, personal.NUMBER_HINT, phones.HINT, national_ids.HINT)
"""Of everything but e-mail addresses."""
_SECRET, _PASSWORD, _NUMBER, _PHONE, _NATIONAL_ID = range(5)


def scan(text: str) -> tuple[Finding, ...]:
    """Return what was found in `text`, in order, as positions of its characters. Linear in its length."""
    return scan_view(flat(text))


def scan_view(view: bytes) -> tuple[Finding, ...]:
    """Return what was found in a text of which this is the flat view."""
    return tuple(_without_overlaps(list(_candidates(view))))


def is_clear(view: bytes) -> bool:
    """Tell whether nothing would be found in the text of this view, nor in any part of it. Often says no to be safe.

    One search instead of one per detector: most texts hold nothing.
    """
    return personal.EMAIL_HINT not in view and not _HINTS.held_by(view)


def _candidates(view: bytes) -> Iterator[Finding]:
    if personal.EMAIL_HINT in view:
        yield from personal.find_emails(view)
    held = _HINTS.held_by(view)
    if _SECRET in held:
        yield from secrets.find(view)
    if _PASSWORD in held:
        yield from passwords.find(view)
    if not _has_digit(view):
        return
    if _NUMBER in held:
        yield from personal.find_numbers(view)
    if _PHONE in held:
        yield from phones.find(view)
    if _NATIONAL_ID in held:
        yield from national_ids.find(view)


def _has_digit(view: bytes) -> bool:
    return len(view.translate(None, b"0123456789")) < len(view)


def _rank(finding: Finding) -> tuple[bool, bool, int, int, str]:
    """Sort the finding that should stay first; the rest of the key only makes the order total."""
    longer = finding.start - finding.end
    return (not finding.certain, finding.kind is not Detected.SECRET, longer, finding.start, finding.detector)


def _without_overlaps(findings: list[Finding]) -> list[Finding]:
    if len(findings) <= 1:
        return findings
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
