"""Reads of API keys: what the asynchronous door may use, and what the pages show. Values out, never rows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from allotment.engine.principals import Actor, AttributeValue, Resource
from allotment.kernel import clock
from allotment.kernel.errors import NotFound
from allotment.people.api_keys.models import ApiKey, FreeForm


@dataclass(frozen=True)
class UsableKey:
    """A key of an active person that is neither revoked nor over."""

    id: UUID
    public: str
    secret_digest: bytes
    person: UUID
    app: UUID | None
    data_class: str
    resource: Resource
    expires_at: datetime


@dataclass(frozen=True)
class KeySummary:
    """A key as the pages show it."""

    id: UUID
    name: str
    public: str
    person: UUID
    person_name: str
    app: UUID | None
    data_class: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    free_form: FreeForm
    free_form_reason: str
    free_form_by: str
    """The name of the officer who decided."""
    free_form_until: datetime | None
    resource: Resource

    @property
    def is_over(self) -> bool:
        """Whether nothing can be asked with it any more."""
        return self.revoked_at is not None or self.expires_at <= clock.now()

    @property
    def may_ask_freely(self) -> bool:
        """Whether words of the holder's own may be asked with it right now."""
        return not self.is_over and self.free_form_until is not None and self.free_form_until > clock.now()

    @property
    def is_waiting(self) -> bool:
        """Whether the holder waits for an officer."""
        return not self.is_over and self.free_form is FreeForm.ASKED

    @property
    def can_ask_for_free_form(self) -> bool:
        """Whether the holder may ask an officer for the right."""
        return not (self.is_over or self.is_waiting or self.may_ask_freely or self.app)


def usable_keys() -> tuple[UsableKey, ...]:
    """Return every key that may be used now."""
    rows = ApiKey.objects.filter(revoked_at=None, expires_at__gt=clock.now(), person__is_active=True)
    return tuple(
        UsableKey(
            id=row.id,
            public=row.public,
            secret_digest=bytes(row.secret_digest),
            person=row.person_id,
            app=row.app,
            data_class=row.data_class,
            resource=resource(row),
            expires_at=row.expires_at,
        )
        for row in rows
    )


def resource(row: ApiKey) -> Resource:
    """Return the key as the policy function sees it."""
    until = row.free_form_until if row.free_form == FreeForm.GRANTED else None
    attributes: dict[str, AttributeValue] = {
        "person": str(row.person_id),
        "data_class": row.data_class,
        "free_form_until": int(until.timestamp()) if until else 0,
    }
    if row.app is not None:
        attributes["app"] = str(row.app)
    return Resource("Key", str(row.id), attributes)


def key(key_id: UUID) -> KeySummary:
    """Return one key; raises `NotFound`."""
    row = _rows().filter(id=key_id).first()
    if row is None:
        raise NotFound(_("There is no such key."), hint=_("Choose one from the list of keys."))
    return _summary(row)


def keys_of(actor: Actor) -> tuple[KeySummary, ...]:
    """Return this person's keys: those in use first, newest first."""
    found = [_summary(row) for row in _rows().filter(person_id=actor.person)]
    return tuple(sorted(found, key=lambda one: one.is_over))


def matching_keys(*, search: str = "", waiting_only: bool = False) -> tuple[UUID, ...]:
    """Return the keys with every word of `search` in their name or holder; those that wait for a decision first."""
    now = clock.now()
    rows = ApiKey.objects.all()
    for word in search.split()[:8]:
        rows = rows.filter(
            Q(name__icontains=word) | Q(public__icontains=word) | Q(person__name__icontains=word)
        )
    waiting = Q(free_form=FreeForm.ASKED, revoked_at=None, expires_at__gt=now)
    if waiting_only:
        return tuple(rows.filter(waiting).values_list("id", flat=True))
    usable = Q(revoked_at=None, expires_at__gt=now)
    first = rows.filter(waiting).values_list("id", flat=True)
    then = rows.filter(usable).exclude(waiting).values_list("id", flat=True)
    last = rows.exclude(usable).values_list("id", flat=True)
    return (*first, *then, *last)


def keys(ids: Collection[UUID]) -> tuple[KeySummary, ...]:
    """Return these keys, in the order of `ids`."""
    rows = {row.id: row for row in _rows().filter(id__in=ids)}
    return tuple(_summary(rows[id_]) for id_ in ids if id_ in rows)


def key_names(ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the names of keys, revoked ones included, by id."""
    return dict(ApiKey.objects.filter(id__in=ids).values_list("id", "name"))


def _rows() -> "QuerySet[ApiKey]":
    return ApiKey.objects.select_related("person", "free_form_decided_by")


def _summary(row: ApiKey) -> KeySummary:
    return KeySummary(
        id=row.id,
        name=row.name,
        public=row.public,
        person=row.person_id,
        person_name=row.person.name,
        app=row.app,
        data_class=row.data_class,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        free_form=FreeForm(row.free_form),
        free_form_reason=row.free_form_reason,
        free_form_by=row.free_form_decided_by.name if row.free_form_decided_by else "",
        free_form_until=row.free_form_until,
        resource=resource(row),
    )
