"""Digests of a spec: over everything, and over what changes behaviour.

Invariant: two specs that mean the same have the same digest, however they were written. Approvals bind to the
behaviour digest, so a corrected label does not send an app back to review; a changed step does.
"""

from typing import Any

from allotment.engine.spec.app import App
from allotment.engine.spec.reading import to_plain
from allotment.kernel import canonical

_WORDS_OF_APP = ("title", "purpose", "sample")
_WORDS_OF_PARTS = {"form": ("label", "help"), "result": ("title",)}


def digest(app: App) -> str:
    """Return `sha256:…` over the whole spec."""
    return canonical.digest(to_plain(app))


def behaviour_digest(app: App) -> str:
    """Return `sha256:…` over what the app does; titles, purpose, labels, help and sample are left out."""
    plain = {key: value for key, value in to_plain(app).items() if key not in _WORDS_OF_APP}
    for part, words in _WORDS_OF_PARTS.items():
        if part in plain:
            plain[part] = [_without(entry, words) for entry in plain[part]]
    return canonical.digest(plain)


def _without(entry: dict[str, Any], words: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in words}
