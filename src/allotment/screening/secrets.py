"""Secrets that show what they are: keys and tokens with an issuer's prefix, private key blocks, web tokens.

Invariant: certain, because the issuer's format proves it. Refuses: public halves (publishable keys,
certificates) and random-looking strings that nothing names; passwords are in `passwords.py`.
"""

import base64
import binascii
from collections.abc import Iterator

import msgspec

from allotment.screening.findings import Detected, Finding
from allotment.screening.matching import compiled, hint

# The formats the issuers document for secret scanning, by who issues them.
_ISSUED = {
    "amazon": r"(?:A3T[A-Z0-9]|ABIA|ACCA|AGPA|AIDA|AIPA|AKIA|ANPA|ANVA|AROA|ASIA)[A-Z0-9]{16}",
    "anthropic": r"sk-ant-[A-Za-z0-9_-]{20,}",
    "openai": r"sk-(?:proj-|svcacct-|admin-|None-)?[A-Za-z0-9_-]*T3BlbkFJ[A-Za-z0-9_-]+|sk-[A-Za-z0-9]{32,}"
    r"|sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,}",
    "allotment": r"allot-[a-z0-9]{12}-[A-Za-z0-9_-]{43}",
    "openrouter": r"sk-or-v1-[0-9a-f]{64}",
    "google": r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{28}",
    "github": r"gh[oprsu]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}",
    "gitlab": r"gl(?:agent|cbt|dt|ft|imt|oas|pat|ptt|rt|soat)-[A-Za-z0-9_-]{20,}|GR1348941[A-Za-z0-9_-]{20,}"
    r"|gloas-[A-Za-z0-9_-]{64}",
    "slack": r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[0-9A-Za-z-]{20,}"
    r"|hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_+-]{30,}",
    "stripe": r"[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{24,}",
    "twilio": r"(?:AC|SK)[0-9a-z]{32}",
    "sendgrid": r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}",
    "mailchimp": r"[0-9a-f]{32}-us[0-9]{1,2}",
    "mailgun": r"key-[0-9a-f]{32}",
    "discord": r"[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}",
    "telegram": r"[0-9]{8,10}:[A-Za-z0-9_-]{35}",
    "npm": r"npm_[A-Za-z0-9]{36}",
    "pypi": r"pypi-AgE[A-Za-z0-9_-]{70,}",
    "hugging-face": r"hf_[A-Za-z0-9]{34,}",
    "groq": r"gsk_[A-Za-z0-9]{48,}",
    "xai": r"xai-[A-Za-z0-9]{60,}",
    "replicate": r"r8_[A-Za-z0-9]{37}",
    "databricks": r"dapi[0-9a-f]{32}",
    "digitalocean": r"do[opr]_v1_[0-9a-f]{64}",
    "shopify": r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
    "square": r"sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}",
    "atlassian": r"ATATT3[A-Za-z0-9_=-]{50,}",
    "artifactory": r"AKC[A-Za-z0-9]{10,}",
    "vault": r"hv[bs]\.[A-Za-z0-9_-]{24,}",
    "notion": r"ntn_[A-Za-z0-9]{40,}",
    "linear": r"lin_api_[A-Za-z0-9]{40}",
    "new-relic": r"NRAK-[A-Z0-9]{27}",
    "grafana": r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}",
    "age": r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
    "azure-storage": r"AccountKey=[A-Za-z0-9+/]{80,}=*",
}
_ISSUERS = tuple(_ISSUED)
_TOKEN = compiled("(?:^|[^A-Za-z0-9_])(?:" + "|".join(f"({shape})" for shape in _ISSUED.values()) + ")")
_PART_OF_TOKEN = compiled(r"[A-Za-z0-9_]")
_FIXED_LENGTH = frozenset({"amazon", "twilio", "telegram", "mailchimp", "npm", "replicate", "databricks"})
"""With one character more it is not theirs."""

_JWT = compiled(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]+)?")
_KEY_MARK = compiled(r"-----(BEGIN|END) (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = compiled(r"[A-Za-z0-9+/=\s\\]*")
HINT = "|".join((*_ISSUED.values(), hint([_JWT]), "-----BEGIN "))
"""Every finding of this module, and every open private key block, holds this; see `matching.hint`."""


def find(view: bytes) -> Iterator[Finding]:
    """Yield the issued secrets in a flat view, in no particular order; findings may overlap."""
    for match in _TOKEN.finditer(view):
        group = next(number for number in range(1, len(_ISSUERS) + 1) if match.span(number)[0] >= 0)
        issuer = _ISSUERS[group - 1]
        start, end = match.span(group)
        if issuer not in _FIXED_LENGTH or not _PART_OF_TOKEN.match(view, end):
            yield Finding(Detected.SECRET, start, end, f"secret-{issuer}", certain=True)
    if b"eyJ" in view:
        yield from _web_tokens(view)
    if b"PRIVATE KEY" in view:
        for start, end in private_keys(view):
            yield Finding(Detected.SECRET, start, end, "secret-private-key", certain=True)


def private_keys(view: bytes) -> Iterator[tuple[int, int]]:
    """Yield where private key blocks (RFC 7468 §10, OpenPGP) are; a cut off one ends with its text."""
    opened = -1
    body_end = 0
    for match in _KEY_MARK.finditer(view):
        start, end = match.span()
        if match.group(1) == b"END" and opened >= 0:
            yield opened, end
            opened = -1
        elif match.group(1) == b"BEGIN":
            if opened >= 0:
                yield opened, body_end
            body = _KEY_BODY.match(view, end)
            opened, body_end = start, body.span()[1] if body else end
    if opened >= 0:
        yield opened, body_end


def has_open_private_key(view: bytes) -> bool:
    """Tell whether a private key block begins in the view and does not end in it."""
    last_begin = view.rfind(b"-----BEGIN ")
    return last_begin >= 0 and b"PRIVATE KEY" in view[last_begin:] and b"-----END " not in view[last_begin:]


def _web_tokens(view: bytes) -> Iterator[Finding]:
    """RFC 7515 §7.1: the first part of a token is a JSON object that names its algorithm."""
    for match in _JWT.finditer(view):
        start, end = match.span()
        header = view[start : view.index(b".", start)]
        try:
            fields = msgspec.json.decode(base64.urlsafe_b64decode(header + b"=" * (-len(header) % 4)))
        except (binascii.Error, msgspec.DecodeError):
            continue
        if isinstance(fields, dict) and "alg" in fields:
            yield Finding(Detected.SECRET, start, end, "secret-jwt", certain=True)
