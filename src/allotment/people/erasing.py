"""Erasing a person who asked for it: their name, their address and everything sealed about them.

Invariant: the account stays as an empty hull that nobody can sign in with or bring back, so that what was done keeps
somebody who did it. The journal stays as it was proved, and still counts one person.
Refuses: the only administrator, oneself, and a reason that names the person: the reason stays for good.
"""

import re
from collections.abc import Callable
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from allotment.engine.principals import Actor
from allotment.journal.erasing import erase as erase_sealed
from allotment.kernel.errors import Conflict, Invalid, NotFound
from allotment.people.api_keys.models import ApiKey
from allotment.people.granting import keep_an_administrator
from allotment.people.leaving import deactivate
from allotment.people.models import Person, SetUpLink
from allotment.people.rules import erased_email, is_erased_email

MOST_REASON = 200

Forget = Callable[[UUID], None]
_forgetters: list[Forget] = []


def forget_with(forget: Forget) -> None:
    """Let a feature forget what it holds in the clear about a person. Called from `AppConfig.ready`."""
    _forgetters.append(forget)


@transaction.atomic
def erase(by: Actor | None, person_id: UUID, reason: str) -> bool:
    """Erase a person; returns False when that was done before. `by` is None on the command line.

    Raises `NotFound`, `Invalid` for a reason that cannot stay, `Conflict` for oneself and the only administrator.
    """
    row = Person.objects.select_for_update().filter(id=person_id).first()
    if row is None:
        raise NotFound(_("There is no such person."), hint=_("Choose one from the list of people."))
    if is_erased_email(row.email):
        return False
    _require_another(by, person_id)
    _check_reason(row, reason)
    if row.is_active:
        deactivate(by, person_id)
    _empty(row)
    for forget in _forgetters:
        forget(person_id)
    return erase_sealed(person_id, by.person if by else None, reason.strip()) is not None


def _require_another(by: Actor | None, person_id: UUID) -> None:
    if by is not None and by.person == person_id:
        raise Conflict(_("You cannot erase yourself."), hint=_("Ask another administrator to do it."))
    keep_an_administrator(without=person_id)


def _check_reason(row: Person, reason: str) -> None:
    said = set(_words_of(reason))
    if row.email.casefold() in reason.casefold() or said & set(_words_of(row.name)):
        raise Invalid(
            _("The reason names the person, and it stays in the journal for good."),
            hint=_("Give the number of the request instead, for example “request 2026-14”."),
            where="reason",
        )
    if not said or len(reason) > MOST_REASON:
        raise Invalid(
            _("Give a reason of at most %(count)s characters.") % {"count": MOST_REASON},
            hint=_("The number of the request is enough."),
            where="reason",
        )


def _words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _empty(row: Person) -> None:
    """Leave nothing in the account that says who it was."""
    row.refresh_from_db()
    row.name, row.email, row.last_login = _("Erased person"), erased_email(row.id), None
    row.set_unusable_password()
    row.save()
    SetUpLink.objects.filter(person=row).delete()
    EmailAddress.objects.filter(user=row).delete()
    ApiKey.objects.filter(person=row).update(
        name=_("Erased"), free_form_reason="", revoked_at=Coalesce(F("revoked_at"), Now())
    )
