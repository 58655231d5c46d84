"""Offering what somebody may have meant, instead of only saying that a name is unknown."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return a remedy that offers the nearest known names, or all of them when none is near; may be empty."""
    names = tuple(dict.fromkeys(known))
    near = get_close_matches(given, names, n=2, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(f'“{name}”' for name in near)}?"
    if names:
        return f"Use one of: {', '.join(names[:12])}."
    return ""
