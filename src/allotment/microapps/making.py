"""Making an app: from a starter, from a spec, as a copy of another. What is made is a private draft.

Invariant: the spec's name is the app's slug, unique in the installation. Refuses: publishing anything on the way.
"""

import re
import unicodedata
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.engine.spec.app import App
from allotment.engine.spec.reading import to_plain
from allotment.journal.recording import note
from allotment.microapps import starters
from allotment.microapps.models import MicroApp
from allotment.microapps.rules import tier
from allotment.microapps.states import Audience
from allotment.microapps.stored import data_of, detail_of
from allotment.microapps.values import AppDetail
from allotment.policies.deciding import require

_SLUG_LENGTH = 48
RESERVED_SLUGS = frozenset({"describe", "new", "mine"})
"""Addresses under `/apps/` that are not an app's."""


def make_from_starter(actor: Actor, name: str, *, near: tuple[str, ...] = ()) -> AppDetail:
    """Make an app from a starter that ships with the installation."""
    starter = starters.starter(name)
    return make_from_plain(actor, to_plain(starter.app), starter=name, near=near)


def make_from_spec(actor: Actor, spec: App) -> AppDetail:
    """Make an app from a whole spec."""
    return make_from_plain(actor, to_plain(spec))


def copy(actor: Actor, app: AppDetail) -> AppDetail:
    """Make this person's own draft of an app they can see."""
    title = _("Copy of %(title)s") % {"title": app.title}
    return make_from_plain(actor, {**app.working_plain, "title": title[:120]}, starter=app.starter)


@transaction.atomic
def make_from_plain(
    actor: Actor, plain: dict[str, Any], *, starter: str = "", near: tuple[str, ...] = ()
) -> AppDetail:
    """Make an app from plain data, which may still be broken: it is a draft, and the builder says what to mend."""
    require(actor, Action.MAKE_APP)
    title = str(plain.get("title") or _("Untitled app"))[:120]
    slug = free_slug(str(plain.get("name") or title))
    row = MicroApp.objects.create(
        slug=slug,
        title=title,
        purpose=str(plain.get("purpose") or "")[:500],
        owner_id=actor.person,
        working_spec={**plain, "name": slug, "title": title},
        tier=tier(data_of(plain), Audience.ME),
        starter=starter,
        near_starters=list(near),
    )
    note(
        Action.MAKE_APP,
        actor=actor.person,
        object_kind="app",
        object_id=str(row.id),
        app=row.id,
        starter=starter,
        slug=slug,
    )
    return detail_of(row)


def slug_from(text: str) -> str:
    """Return lower-case ASCII words joined by hyphens, starting with a letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_SLUG_LENGTH].strip("-")
    return slug if slug[:1].isalpha() else f"app-{slug}".strip("-")


def free_slug(text: str) -> str:
    """Return a slug made from `text` that no app has yet."""
    slug = slug_from(text)
    taken = set(MicroApp.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    taken |= RESERVED_SLUGS
    candidate, number = slug, 2
    while candidate in taken:
        candidate, number = f"{slug}-{number}", number + 1
    return candidate
