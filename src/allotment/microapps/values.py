"""What other features and the pages know of an app: frozen values, never rows."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from allotment.engine.spec.app import App, DataClass, DataUse
from allotment.microapps.states import Audience, Outcome, State, Tier


@dataclass(frozen=True)
class Named:
    """A person or a space, to be named and linked."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Reach:
    """Who may run an app."""

    audience: Audience = Audience.ME
    space: Named | None = None
    people: tuple[Named, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AppSummary:
    """An app in a list."""

    id: UUID
    slug: str
    title: str
    purpose: str
    owner: Named
    deputy: Named | None
    space: Named | None
    audience: Audience
    people: tuple[Named, ...]
    """Those named one by one, when the audience is `PEOPLE`."""
    state: State
    tier: Tier
    data_class: DataClass
    """As the published version declares it, or the working copy while there is none."""
    published_number: int | None
    """The version others run; None while nothing is published."""
    working_saved_at: datetime

    def is_looked_after_by(self, person: UUID) -> bool:
        """Whether this person is the owner or the deputy."""
        return person == self.owner.id or (self.deputy is not None and person == self.deputy.id)

    @property
    def is_runnable(self) -> bool:
        """Whether a published version runs now."""
        return self.published_number is not None and self.state in {State.PUBLISHED, State.IN_REVIEW}


@dataclass(frozen=True, kw_only=True)
class AppDetail(AppSummary):
    """One app with everything its pages show."""

    working_plain: dict[str, Any]
    """The spec being edited, as plain data; may be broken."""
    working_revision: int
    latest_number: int | None
    has_unsaved_changes: bool
    """Whether the working copy differs from the latest saved version."""
    data: DataUse
    """As the working copy declares it; defaults where it is broken."""
    starter: str
    near_starters: tuple[str, ...]
    created_at: datetime
    pending_review: UUID | None
    sent_back: str
    """Why the last review was sent back; empty once a new one is asked for."""

    @property
    def reach(self) -> Reach:
        """Who may run it."""
        return Reach(self.audience, self.space, self.people)


@dataclass(frozen=True)
class Version:
    """A saved version, without its spec."""

    number: int
    digest: str
    behaviour_digest: str
    author: Named
    note: str
    created_at: datetime


@dataclass(frozen=True)
class Runnable:
    """What a run needs to know: exactly one spec and whose it is."""

    app_id: UUID
    slug: str
    title: str
    version: int | None
    """None for the working copy."""
    spec: App
    digest: str
    owner: UUID
    deputy: UUID | None
    space: UUID | None
    audience: Audience
    tier: Tier

    @property
    def is_draft(self) -> bool:
        """Whether this is the working copy."""
        return self.version is None


@dataclass(frozen=True)
class ReviewDetail:
    """A request to share a version, and its decision."""

    id: UUID
    app: AppSummary
    number: int
    author: Named
    reach: Reach
    tier: Tier
    digest: str
    requested_by: Named
    requested_at: datetime
    outcome: Outcome
    decided_by: Named | None
    decided_at: datetime | None
    reason: str


@dataclass(frozen=True)
class AppFilter:
    """Which apps to list, and which part of the list."""

    search: str = ""
    space: UUID | None = None
    only_mine: bool = False
    only_runnable: bool = False
    with_parked: bool = False
    latest_first: bool = False
    """By when the working copy was saved, instead of by title."""
    start: int = 0
    count: int = 50


@dataclass(frozen=True)
class AppPage:
    """A part of a list of apps."""

    apps: tuple[AppSummary, ...] = field(default_factory=tuple)
    total: int = 0
