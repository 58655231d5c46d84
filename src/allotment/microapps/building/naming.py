"""Names of fields and steps: made from the words people type, unique, and never shown.

Invariant: whatever was typed, a name fits the spec's pattern; text keeps its words and loses only what a spec
cannot store (control characters, line breaks in a line).
"""

import re
import unicodedata
from collections.abc import Collection
from typing import Any

from allotment.engine.spec.words import NAME_PATTERN

Plain = dict[str, Any]

_LENGTH = 40
_LONGEST = 60
_SHORT_WORDS = frozenset(
    {"a", "an", "the", "did", "does", "do", "is", "are", "was", "your", "our", "my", "of", "please"}
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")
_NAME = re.compile(NAME_PATTERN)


def line(text: str) -> str:
    """Return text on one line, without characters a spec cannot store."""
    return " ".join(_CONTROL.sub(" ", text).split())


def paragraph(text: str) -> str:
    """Return text with its line breaks, without characters a spec cannot store."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def lines(text: str) -> list[str]:
    """Return the lines of a list, each once, blank ones left out."""
    return list(dict.fromkeys(one for one in map(line, text.splitlines()) if one))


def is_name(value: object) -> bool:
    """Whether a value can be a name."""
    return isinstance(value, str) and len(value) <= _LONGEST and _NAME.search(value) is not None


def name_from(words: str, fallback: str = "part") -> str:
    """Return a name made from words: “What did the customer write?” becomes `what_customer_write`."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    found = re.findall(r"[a-z0-9]+", plain.replace("'", ""))
    kept = [word for word in found if word not in _SHORT_WORDS] or found
    name = "_".join(kept).lstrip("0123456789_")[:_LENGTH].rstrip("_")
    return name or fallback


def free_name(words: str, taken: Collection[str], fallback: str = "part") -> str:
    """Return a name made from words that is not taken yet."""
    first = name_from(words, fallback)
    name, number = first, 2
    while name in taken:
        name, number = f"{first}_{number}", number + 1
    return name


def spoken(name: str) -> str:
    """Return a name as words."""
    return name.replace("_", " ").replace("-", " ")


def parts(plain: Plain, key: str) -> list[Plain]:
    """Return the parts of a list that are parts at all."""
    found = plain.get(key)
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def mapping(plain: Plain, key: str) -> Plain:
    """Return the mapping at a key; an empty one when there is none."""
    found = plain.get(key)
    return found if isinstance(found, dict) else {}


def text(plain: Plain, key: str) -> str:
    """Return the text at a key; empty when there is none."""
    found = plain.get(key)
    return found if isinstance(found, str) else ""


def named(plain: Plain) -> Plain:
    """Return the spec with a valid, unique name for every field and step, so that each can be addressed."""
    return {
        **plain,
        "form": _named_parts(parts(plain, "form"), "field"),
        "steps": _named_parts(parts(plain, "steps"), "step"),
        "result": parts(plain, "result"),
    }


def _named_parts(found: list[Plain], key: str) -> list[Plain]:
    taken: set[str] = set()
    result = []
    for part in found:
        name = part.get(key)
        if not is_name(name) or name in taken:
            words = text(part, "label") or text(part, key)
            name = free_name(words, {*taken, *(str(one.get(key)) for one in found)}, key)
        taken.add(str(name))
        result.append({**part, key: name})
    return result
