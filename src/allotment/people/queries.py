"""Reads of people, roles and spaces. Values out, never rows: other features need no tables of ours."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from allotment.engine.principals import Actor, Role
from allotment.kernel.errors import NotAllowed, NotFound
from allotment.people.models import Membership, Person, RoleGrant, Space
from allotment.people.roles import role_name
from allotment.people.rules import is_erased_email


@dataclass(frozen=True)
class Choice:
    """A person or a space, to be named, linked or chosen."""

    id: UUID
    name: str


@dataclass(frozen=True)
class PersonSummary:
    """A person with what they are and where they belong."""

    id: UUID
    name: str
    email: str
    is_active: bool
    has_password: bool
    """False until the person has used their set-up link."""
    joined_at: datetime
    last_seen_at: datetime | None
    roles: tuple[Role, ...]
    spaces: tuple[Choice, ...]

    @property
    def is_erased(self) -> bool:
        """Whether nothing is left of the account but its place."""
        return is_erased_email(self.email)

    @property
    def role_names(self) -> tuple[str, ...]:
        """Return the roles in words."""
        return tuple(role_name(role) for role in self.roles)


@dataclass(frozen=True)
class SpaceSummary:
    """A space and how many active people belong to it."""

    id: UUID
    name: str
    purpose: str
    member_count: int


def actor_of(person: UUID | Person) -> Actor:
    """Return the person as the policy function sees them, as of now.

    Raises `NotFound` without such a person and `NotAllowed` once they are deactivated.
    """
    row = person if isinstance(person, Person) else _row(person)
    if not row.is_active:
        raise NotAllowed(
            _("The account of %(name)s is deactivated.") % {"name": row.name},
            hint=_("Ask an administrator to bring it back."),
        )
    return Actor(
        person=row.id,
        name=row.name,
        roles=frozenset(_known(row.role_grants.values_list("role", flat=True))),
        spaces=frozenset(Membership.objects.filter(person=row).values_list("space_id", flat=True)),
    )


def person(person_id: UUID) -> PersonSummary:
    """Return one person, active or not; raises `NotFound`."""
    return _summary(_row(person_id, _with_everything()))


def matching_people(*, search: str = "", role: Role | None = None) -> tuple[UUID, ...]:
    """Return who has every word of `search` in name or e-mail address; active people first, then by name."""
    rows = Person.objects.order_by("-is_active", "name")
    for word in search.split()[:8]:
        rows = rows.filter(Q(name__icontains=word) | Q(email__icontains=word))
    if role is not None:
        rows = rows.filter(role_grants__role=role)
    return tuple(rows.values_list("id", flat=True))


def people(ids: Collection[UUID]) -> tuple[PersonSummary, ...]:
    """Return these people, in the order of `ids`."""
    rows = {row.id: row for row in _with_everything().filter(id__in=ids)}
    return tuple(_summary(rows[id_]) for id_ in ids if id_ in rows)


def person_by_email(email: str) -> PersonSummary:
    """Return the person with this e-mail address in any letter case; raises `NotFound`."""
    row = _with_everything().filter(email__iexact=email.strip()).first()
    if row is None:
        raise NotFound(
            _("Nobody here has the e-mail address %(email)s.") % {"email": email},
            hint=_("Check the spelling in the list of people."),
        )
    return _summary(row)


def people_choices(space: UUID | None = None) -> tuple[Choice, ...]:
    """Return the active people, of one space or of all, by name."""
    rows = Person.objects.filter(is_active=True)
    if space is not None:
        rows = rows.filter(spaces=space)
    return tuple(Choice(id_, name) for id_, name in rows.order_by("name").values_list("id", "name"))


def spaces_of(actor: Actor) -> tuple[Choice, ...]:
    """Return the spaces this person belongs to, by name."""
    rows = Space.objects.filter(id__in=actor.spaces)
    return tuple(Choice(id_, name) for id_, name in rows.values_list("id", "name"))


def space(space_id: UUID) -> SpaceSummary:
    """Return one space; raises `NotFound`."""
    found = next(iter(_spaces(Space.objects.filter(id=space_id))), None)
    if found is None:
        raise NotFound(_("There is no such space."), hint=_("Choose one from the list of spaces."))
    return found


def all_spaces() -> tuple[SpaceSummary, ...]:
    """Return every space, by name."""
    return _spaces(Space.objects.all())


def names(ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the names of people, deactivated ones included, by id."""
    return dict(Person.objects.filter(id__in=ids).values_list("id", "name"))


def space_names(ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the names of spaces, by id."""
    return dict(Space.objects.filter(id__in=ids).values_list("id", "name"))


def has_administrator() -> bool:
    """Whether an active person holds the role of administrator."""
    return RoleGrant.objects.filter(role=Role.ADMINISTRATOR, person__is_active=True).exists()


def _spaces(rows: "QuerySet[Space]") -> tuple[SpaceSummary, ...]:
    counted = rows.order_by("name").annotate(member_count=Count("people", filter=Q(people__is_active=True)))
    return tuple(SpaceSummary(*row) for row in counted.values_list("id", "name", "purpose", "member_count"))


def _with_everything() -> "QuerySet[Person]":
    return Person.objects.prefetch_related("role_grants", "spaces")


def _row(person_id: UUID, rows: "QuerySet[Person] | None" = None) -> Person:
    row = (Person.objects.all() if rows is None else rows).filter(id=person_id).first()
    if row is None:
        raise NotFound(_("There is no such person."), hint=_("Choose one from the list of people."))
    return row


def _known(stored: Collection[str]) -> tuple[Role, ...]:
    """Return stored roles in the order people know them; a role this version does not know grants nothing."""
    return tuple(role for role in Role if role.value in stored)


def _summary(row: Person) -> PersonSummary:
    return PersonSummary(
        id=row.id,
        name=row.name,
        email=row.email,
        is_active=row.is_active,
        has_password=row.has_usable_password(),
        joined_at=row.joined_at,
        last_seen_at=row.last_login,
        roles=_known([grant.role for grant in row.role_grants.all()]),
        spaces=tuple(Choice(space.id, space.name) for space in row.spaces.all()),
    )
