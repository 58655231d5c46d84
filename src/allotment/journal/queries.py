"""Reads of the journal: entries by what they are about, newest first.

Invariant: pages are cut by ticket, so that entries written meanwhile move nothing, and page 1,000 costs as much as
page 1. A search for text looks at a bounded number of entries at a time and says how far it got. Nothing here needs a
transaction: entries only come, and none below the newest ticket at the start. What is shown is read from the text that
is proved; the columns are for finding it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext

from allotment.engine.actions import Action
from allotment.engine.recording import Scalar
from allotment.journal import naming
from allotment.journal.bodies import Body, instant, read_body
from allotment.journal.models import JournalEntry
from allotment.journal.personal import PersonalValue, said_in
from allotment.journal.searching import says, short
from allotment.journal.sentences import About, sentence
from allotment.journal.tree.hashing import leaf_hash
from allotment.kernel.errors import NotFound, TooLarge

PAGE = 50
LOOKED_THROUGH = 100_000
"""Entries that one search for text looks at; about a tenth of a second of the database's time."""

LOOKED_THROUGH_AT_MOST = 1_000_000
"""Entries that a search for all that fits looks at, one such part after another."""


@dataclass(frozen=True)
class Wanted:
    """Which entries to read; None and empty mean any."""

    actor: UUID | None = None
    app: UUID | None = None
    run: UUID | None = None
    action: str = ""
    outcome: str = ""
    since: date | None = None
    """The first day, in UTC."""
    until: date | None = None
    """The last day, in UTC."""
    text: str = ""
    """In what is recorded, or in the name of who acted, the app or the object, in small or capital letters."""
    is_flagged: bool = False
    """Only what somebody should look at."""
    with_readings: bool = False
    """Also that the journal itself was read."""


@dataclass(frozen=True)
class Recorded:
    """One entry, with the names of what it is about as they are today."""

    number: int
    at: datetime
    action: str
    outcome: str
    actor: UUID | None
    actor_name: str
    """Empty for the installation itself."""
    object_kind: str
    object_id: str
    object_name: str
    space: UUID | None
    app: UUID | None
    run: UUID | None
    policies: tuple[str, ...]
    details: tuple[tuple[str, Scalar], ...]
    approver: UUID | None
    approver_name: str
    policy_version: str
    is_flagged: bool
    leaf: str
    body: str
    """The exact text that is proved."""

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        about = About(self.object_name, self.object_kind)
        return sentence(self.action, self.outcome, self.actor_name, about)

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """The details, as a person reads them."""
        return tuple((name.replace("_", " "), _worded(value)) for name, value in self.details)


@dataclass(frozen=True)
class Page:
    """Some entries, newest first, and where the older ones begin."""

    entries: tuple[Recorded, ...]
    older: int | None
    """Pass it as `before` to read on; None at the end."""
    is_cut: bool = False
    """Whether a search ended before it found enough, and older entries were not looked at yet."""


def recent(wanted: Wanted, *, before: int | None = None, limit: int = PAGE) -> Page:
    """Return at most `limit` entries with tickets below `before`."""
    newest = _newest_ticket()
    before = newest + 1 if before is None else min(before, newest + 1)
    rows = JournalEntry.objects.filter(ticket__lt=before)
    floor = 0
    if wanted.text:
        floor = max(0, before - LOOKED_THROUGH)
        rows = rows.filter(says(wanted.text), ticket__gte=floor)
    found = list(_matching(wanted, rows).only("body").order_by("-ticket")[: limit + 1])
    shown = found[:limit]
    if len(found) > limit:
        return Page(_named(shown), shown[-1].ticket)
    is_cut = floor > 1
    return Page(_named(shown), floor if is_cut else None, is_cut)


def tickets(wanted: Wanted, most: int) -> list[int]:
    """Return the tickets of the newest `most` entries that fit.

    Raises `TooLarge` rather than to leave out what a search for text did not get to.
    """
    fitting = _tickets(wanted, JournalEntry.objects.all())
    if not wanted.text:
        return list(fitting[:most])
    newest = fitting.first() or 0
    lowest = newest - LOOKED_THROUGH_AT_MOST
    condition = says(wanted.text)
    found: list[int] = []
    ceiling = newest
    while ceiling > max(0, lowest) and len(found) < most:
        floor = max(0, lowest, ceiling - LOOKED_THROUGH)
        part = JournalEntry.objects.filter(condition, ticket__gt=floor, ticket__lte=ceiling)
        found += _tickets(wanted, part)[: most - len(found)]
        ceiling = floor
    if len(found) < most and fitting.filter(ticket__lte=ceiling).exists():
        raise TooLarge(
            gettext("A search for words looks through %(most)s entries at most, and there are more.")
            % {"most": f"{LOOKED_THROUGH_AT_MOST:,}"},
            hint=gettext("Say from which day until which, or what was done."),
        )
    return found


def entry(ticket: int) -> Recorded:
    """Return one entry; raises `NotFound`."""
    row = JournalEntry.objects.filter(ticket=ticket).only("body").first()
    if row is None:
        raise NotFound(
            gettext("The journal has no entry %(ticket)s.") % {"ticket": ticket},
            hint=gettext("Look for it from the list of entries."),
        )
    return _named([row])[0]


def said_about_people(recorded: Recorded) -> tuple[PersonalValue, ...]:
    """Return what an entry says about people, as far as it can still be read."""
    content = read_body(recorded.body)
    return said_in(content.id, content.commitments)


def _newest_ticket() -> int:
    return JournalEntry.objects.order_by("-ticket").values_list("ticket", flat=True).first() or 0


def _tickets(wanted: Wanted, rows: QuerySet[JournalEntry]) -> QuerySet[JournalEntry, int]:
    return _matching(wanted, rows).order_by("-ticket").values_list("ticket", flat=True)


def _matching(wanted: Wanted, rows: QuerySet[JournalEntry]) -> QuerySet[JournalEntry]:
    """Return what fits among `rows`, but for the text.

    Words go before it: SQLite goes through conditions in this order, and finds text in a body ten times as fast as it
    reads a column out of one.
    """
    exact = {"actor": wanted.actor, "app": wanted.app, "run": wanted.run}
    said = {"action": wanted.action, "outcome": wanted.outcome}
    rows = rows.filter(**{name: value for name, value in {**exact, **said}.items() if value})
    if wanted.since is not None:
        rows = rows.filter(at__gte=instant(datetime.combine(wanted.since, time(), UTC)))
    if wanted.until is not None:
        rows = rows.filter(at__lte=instant(datetime.combine(wanted.until, time.max, UTC)))
    if wanted.is_flagged:
        rows = rows.filter(flagged=True)
    if not wanted.with_readings and wanted.action != Action.READ_JOURNAL:
        rows = rows.exclude(action=Action.READ_JOURNAL.value)
    return rows


def _named(rows: Collection[JournalEntry]) -> tuple[Recorded, ...]:
    contents = [row.content for row in rows]
    acting = {str(one) for content in contents for one in (content.actor, content.approver) if one}
    people = naming.names("person", acting)
    apps = naming.names("app", {str(content.app) for content in contents if content.app})
    kinds = {content.object_kind for content in contents}
    objects = {kind: naming.names(kind, _ids(contents, kind)) for kind in kinds}
    return tuple(
        _recorded(
            row,
            people,
            objects[row.content.object_kind].get(row.content.object_id)
            or _told(row)
            or _named_by_app(row.content, apps),
        )
        for row in rows
    )


def _told(row: JournalEntry) -> str:
    """Return the name an entry carries itself."""
    return str(row.details.get("title") or row.details.get("name") or row.details.get("reference") or "")


def _named_by_app(content: Body, apps: Mapping[str, str]) -> str | None:
    """Return the app's name for a run or a review; what has a word for an id, as a model does, goes by that."""
    return apps.get(str(content.app)) if len(content.object_id) == len(str(content.app)) else None


def _worded(value: Scalar) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return str(value)


def _ids(contents: Iterable[Body], kind: str) -> set[str]:
    return {content.object_id for content in contents if content.object_kind == kind}


def _recorded(row: JournalEntry, people: Mapping[str, str], object_name: str | None) -> Recorded:
    content = row.content
    return Recorded(
        number=row.ticket,
        at=content.moment,
        action=content.action,
        outcome=content.outcome,
        actor=content.actor,
        actor_name=_name(content.actor, people),
        object_kind=content.object_kind,
        object_id=content.object_id,
        object_name=object_name or short(content.object_id),
        space=content.space,
        app=content.app,
        run=content.run,
        policies=content.policies,
        details=tuple(sorted(row.details.items())),
        approver=content.approver,
        approver_name=_name(content.approver, people),
        policy_version=content.policy_version,
        is_flagged=content.flagged,
        leaf=leaf_hash(row.body.encode()).hex(),
        body=row.body,
    )


def _name(person: UUID | None, people: Mapping[str, str]) -> str:
    return "" if person is None else people.get(str(person)) or short(str(person))
