"""Who is behind a request: the key in its `Authorization` header, by the facts of the snapshot.

Invariant: unknown, wrong, revoked and expired keys get the same words after the same work. The key itself goes
nowhere: not into an answer, an error or the journal. A key anywhere else than in that header does not count.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from allotment.composition.snapshot.facts import AppFacts, KeyFacts, Snapshot
from allotment.engine.gate.values import Refused, Stage
from allotment.engine.principals import Actor
from allotment.people.api_keys.wording import new_text, read

_SCHEME = b"bearer "
_NOBODYS_DIGEST = new_text().digest
"""Compared with when there is no such key, so that the answer takes as long."""

_MISSING = Refused(
    Stage.IDENTIFY,
    "key-missing",
    "This request carries no API key.",
    "Send it as “Authorization: Bearer allot-…”. You make one on the page of your API keys.",
)
_UNKNOWN = Refused(
    Stage.IDENTIFY,
    "key-unknown",
    "This API key is not known here, or it is revoked or over.",
    "Make a new one on the page of your API keys.",
)
_APP_RESTS = Refused(
    Stage.AUTHORISE,
    "app-not-published",
    "The app this key belongs to is not published.",
    "Its owner can publish it again. Nothing of it is lost.",
)


class Holder(msgspec.Struct, frozen=True):
    """Somebody with a valid key."""

    key: KeyFacts
    actor: Actor
    app: AppFacts | None

    @property
    def data_class(self) -> str:
        """The class of what is asked: the app's, or the highest the key may send."""
        return self.key.data_class if self.app is None else self.app.data_class


@dataclass(frozen=True)
class Stranger:
    """A request that stays at the door, and the key whose public part it named, if there is one."""

    refused: Refused
    key: KeyFacts | None = field(default=None, repr=False)
    person: UUID | None = None
    """Who it was, when the key was right and something else was not."""


def identify(headers: Iterable[tuple[bytes, bytes]], snapshot: Snapshot, now: datetime) -> Holder | Stranger:
    """Return who asks, or why nobody does."""
    given = _bearer(headers)
    if given is None:
        return Stranger(_MISSING)
    text = read(given)
    if text is None:
        return Stranger(_UNKNOWN)
    key = snapshot.keys.get(text.public)
    is_right = text.fits(key.secret_digest if key else _NOBODYS_DIGEST)
    if key is None or not is_right or key.expires_at <= now:
        return Stranger(_UNKNOWN, key)
    actor = snapshot.actors.get(key.person)
    if actor is None:
        return Stranger(_UNKNOWN, key)
    if key.app is None:
        return Holder(key, actor, None)
    app = snapshot.apps.get(key.app)
    return Stranger(_APP_RESTS, key, key.person) if app is None else Holder(key, actor, app)


def _bearer(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the one bearer token; None without one, and with more than one (RFC 9110 §11.6.2 knows one)."""
    found = [value for name, value in headers if name == b"authorization"]
    if len(found) != 1 or found[0][: len(_SCHEME)].lower() != _SCHEME:
        return None
    return found[0][len(_SCHEME) :].decode("latin-1").strip()
