"""Passwords and keys that only a word gives away: `password: …`, `the PIN is …`, `api_key = …`, `scheme://user:…@host`.

Invariant: marks the value, not the word; certain only inside an address, whose syntax proves it (RFC 3986
§3.2.1). Refuses: values that stand for one (`<password>`, `$TOKEN`, `****`, `get_password()`), and prose
about passwords (`the password is wrong`).
"""

from collections.abc import Iterator
from math import log2

from allotment.screening.findings import Detected, Finding
from allotment.screening.matching import compiled, hint

_NAMED_VALUE = (
    r"(?:(pass ?(?:word|wort|code|phrase)|passwd|pwd|pw|kennwort"
    r"|mot de passe|contrase.a|wachtwoord|senha|has.o)"
    r"|((?:api|access|secret|private|signing|encryption|account|auth|master|service)[ _-]?keys?"
    r"|secrets?(?:[ _-]?key)?"
    r"|(?:[a-z]{1,12}[ _-]?)?tokens?|client[ _-]?secret|credentials?|authorization|x-api-key)"
    r"|(pin|pin[ -]?code|cvv|cvc))"
    r"""s?["'\])*`]{0,4}(?: (?:for|to|of|on|at|f.r|zum|zur) [^\n:=]{1,40}?)?"""
    r"""(\s{0,4}(?:=>|:=|[:=]{1,2})\s{0,4}"""
    r"""|\s{1,4}(?:is|was|ist|lautet|est|es|\xe9)(?: now| still)?:?\s{1,4}|\s{1,2}["'`])"""
    r"""(?:(?:bearer|basic|token)\s{1,2})?(["'`]{0,3})([^\s"'`<>]{3,200})(["'`]?)"""
)
_NAMED = compiled(r"(?i)(?:^|[^a-z0-9]|[a-z0-9]_|\b[a-z0-9]{1,24})" + _NAMED_VALUE)
_WORD_PASSWORD, _WORD_KEY, _WORD_PIN, _LINK, _QUOTE, _VALUE, _END_QUOTE = range(1, 8)
_BEARER = compiled(r"(?i)\b(?:bearer|basic)\s{1,2}([A-Za-z0-9._~+/-]{16,}=*)")
_USER_INFO = compiled(
    r"\b[A-Za-z][A-Za-z0-9+.-]{1,24}://[^\s:/@?#\"'<>]{0,128}:([^\s/@\"'<>]{1,128})@[A-Za-z0-9\[]"
)
HINT = f"(?i:{_NAMED_VALUE})|{hint([_BEARER, _USER_INFO])}"
"""Every finding of this module holds this; see `matching.hint`."""
_STANDS_FOR_ONE = compiled(
    r"(?i)[$%{\[(&].*|.*(?:\$\{|\{\{|%\(|\(\)|\(\w*\)).*|[*x.?_-]+|[a-z_]\w*\(.*|(?:[a-z_]\w*\.)+[a-z_]+"
    r"|.*(?:your[_-]|insert|placeholder|redacted|[_-]here).*|(?:os|process|self|config|settings|env)[.\[].*"
    r"|https?://.*|withheld:?.*"
)
_PIN = compiled(r"\d{3,8}")
_PROSE = compiled(r"[ \t]+[a-z]")
_TRAILING = b".,;:?)]}"
_SHORTEST_PASSWORD = 4
_SHORTEST_KEY = 8
_RANDOM_BITS = 2.5
"""Shannon entropy a character: English words of this length stay below, generated keys above."""
_ORDINARY = frozenset(
    b"required optional none null true false string str text hidden wrong incorrect invalid expired correct "
    b"reset changed protected forgotten missing empty here there needed not being too very also sent stored "
    b"encrypted hashed set unknown valid secret password bearer basic token limited".split()
)


def find(view: bytes) -> Iterator[Finding]:
    """Yield the named secrets in a flat view, in no particular order; findings may overlap."""
    for match in _NAMED.finditer(view):
        start, end = match.span(_VALUE)
        while end > start and view[end - 1 : end] in _TRAILING:
            end -= 1
        value = view[start:end]
        if _STANDS_FOR_ONE.fullmatch(value) or value.lower() in _ORDINARY:
            continue
        quoted = (
            match.span(_QUOTE)[0] < match.span(_QUOTE)[1]
            and match.span(_END_QUOTE)[0] < match.span(_END_QUOTE)[1]
        )
        if match.span(_WORD_PIN)[0] >= 0:
            found = _PIN.fullmatch(value) is not None
        elif match.span(_WORD_KEY)[0] >= 0:
            found = len(value) >= _SHORTEST_KEY and _is_mixed(value) and _entropy(value) >= _RANDOM_BITS
        else:
            assigned = any(sign in match.group(_LINK) for sign in (b":", b"="))
            alone = assigned and not _PROSE.match(view, end)
            found = len(value) >= _SHORTEST_PASSWORD and (quoted or alone or _is_mixed(value))
        if found:
            yield Finding(Detected.SECRET, start, end, "secret-named", certain=False)
    yield from _in_links(view)


def _in_links(view: bytes) -> Iterator[Finding]:
    for detector, pattern in (("secret-bearer", _BEARER), ("secret-in-address", _USER_INFO)):
        for match in pattern.finditer(view):
            start, end = match.span(1)
            value = view[start:end]
            if not _STANDS_FOR_ONE.fullmatch(value) and (detector != "secret-bearer" or _is_mixed(value)):
                yield Finding(Detected.SECRET, start, end, detector, certain=detector == "secret-in-address")


def _is_mixed(value: bytes) -> bool:
    """Tell whether the value mixes letters with digits or signs, as secrets do and words do not."""
    letters = sum(value[place : place + 1].isalpha() for place in range(len(value)))
    figures = sum(value[place : place + 1].isdigit() for place in range(len(value)))
    signs = sum(byte in b"!#$%&*+@^~" for byte in value)
    return bool((letters and (figures or signs)) or (figures and signs))


def _entropy(value: bytes) -> float:
    shares = [value.count(byte) / len(value) for byte in set(value)]
    return -sum(share * log2(share) for share in shares)
