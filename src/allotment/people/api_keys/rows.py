"""A key as a row of a page: in words, and with what this person may do with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.journal import naming
from allotment.kernel.errors import NotAllowed
from allotment.people.api_keys.models import FreeForm
from allotment.people.api_keys.queries import KeySummary
from allotment.people.requests import GovernedRequest


@dataclass(frozen=True)
class KeyRow:
    """One key, for reading."""

    key: KeySummary
    app_title: str
    """Empty for a key of the person."""
    is_own: bool
    may_revoke: bool

    @property
    def words(self) -> str:
        """Return what may be asked with it."""
        if self.key.free_form is FreeForm.GRANTED and not self.key.may_ask_freely:
            return _("Right to free words is over")
        return str(self.key.free_form.label)

    @property
    def words_kind(self) -> str:
        """Return the kind of chip for it."""
        if self.key.may_ask_freely:
            return "warn"
        return "info" if self.key.is_waiting else "plain"

    @property
    def end(self) -> str:
        """Return why it is over; empty while it is not."""
        if self.key.revoked_at is not None:
            return _("Revoked")
        return _("Run out") if self.key.is_over else ""


def rows(keys: Sequence[KeySummary], request: GovernedRequest) -> list[KeyRow]:
    """Return these keys as rows for whoever makes this request."""
    titles = naming.names("app", [str(key.app) for key in keys if key.app])
    return [
        KeyRow(
            key,
            titles.get(str(key.app), _("an app that is gone")) if key.app else "",
            key.person == request.actor.person,
            not key.is_over and _may_revoke(key, request),
        )
        for key in keys
    ]


def _may_revoke(key: KeySummary, request: GovernedRequest) -> bool:
    try:
        request.require(Action.REVOKE_KEY, key.resource)
    except NotAllowed:
        return False
    return True
