"""Scan a text: every detector, one answer without overlaps.

Invariant: findings are ordered and do not overlap; of two that do, the certain one stays, else a secret, else the longer.
Refuses: changing the text; see `masking.py` and `streaming.py`.
"""

from collections.abc import Iterator

from allotment.screening import national_ids, passwords, personal, phones, secrets
from allotment.screening.findings import Detected, Finding
from allotment.screening.matching import compiled, flat

_NUMBER = compiled(r"\d[ ./()-]{0,3}\d[ ./()-]{0,3}\d[ ./()-]{0,3}\d")


def scan(text: str) -> tuple[Finding, ...]:
    """Return what was found in `text`, in order, as positions of its characters. Linear in its length."""
    view = flat(text)
    return tuple(sorted(_without_overlaps(list(_candidates(view))), key=lambda finding: finding.start))


def _candidates(view: bytes) -> Iterator[Finding]:
    yield from secrets.find(view)
    yield from passwords.find(view)
    yield from personal.find(view)
    if _NUMBER.search(view):
        yield from phones.find(view)
        yield from national_ids.find(view)


def _rank(finding: Finding) -> tuple[bool, bool, int, int, str]:
    """Sort the finding that should stay first; the rest of the key only makes the order total."""
    longer = finding.start - finding.end
    return (not finding.certain, finding.kind is not Detected.SECRET, longer, finding.start, finding.detector)


def _without_overlaps(findings: list[Finding]) -> list[Finding]:
    """Keep the best of those that share characters. Sweeps clusters of overlapping findings from left to right."""
    kept: list[Finding] = []
    cluster: list[Finding] = []
    reach = 0
    for finding in sorted(findings, key=lambda one: one.start):
        if finding.start >= reach:
            kept += _best_of(cluster)
            cluster = []
        cluster.append(finding)
        reach = max(reach, finding.end)
    return kept + _best_of(cluster)


def _best_of(cluster: list[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for finding in sorted(cluster, key=_rank):
        if all(finding.end <= other.start or finding.start >= other.end for other in kept):
            kept.append(finding)
    return kept
