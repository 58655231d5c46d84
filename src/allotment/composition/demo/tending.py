"""How the planned apps and templates came to be: each a life of a few moments, told in order.

Invariant: every moment goes through the capability a person would use, so the same rules hold.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from allotment.composition.demo.founding import Organisation
from allotment.composition.demo.portfolio import PlannedApp, PlannedTemplate
from allotment.composition.demo.roster import REVIEWER
from allotment.microapps import handing_over, making, parking, publishing, reviewing, saving
from allotment.microapps.queries import app_for, review
from allotment.microapps.releasing import WantedReach
from allotment.prompts.approving import approve as approve_template
from allotment.prompts.proposing import propose
from allotment.prompts.wording import worded
from allotment.prompts.writing import About, new_draft, new_family


@dataclass(frozen=True)
class Moment:
    """Something that happens at a time."""

    at: datetime
    happens: Callable[[], object]


class AppLife:
    """One planned app, from its starter to where it stands today."""

    def __init__(self, planned: PlannedApp, organisation: Organisation, apps: dict[str, UUID]) -> None:
        """`apps` learns the app's id under the name of its starter."""
        self._planned, self._organisation, self._apps = planned, organisation, apps
        self._owner = organisation.actors[planned.owner]
        self._review: UUID | None = None

    def moments(self, today: datetime) -> Iterator[Moment]:
        """Yield what happens, from the first idea on."""
        planned, made = self._planned, today - timedelta(days=self._planned.days_ago)
        yield Moment(made, self._make)
        if planned.end == "draft":
            return
        yield Moment(made + timedelta(hours=2), self._save)
        yield Moment(made + timedelta(hours=3), self._publish)
        if planned.end == "in review":
            return
        yield Moment(made + timedelta(hours=5), self._decide)
        if planned.second_version:
            later = made + timedelta(days=5)
            yield Moment(later, self._improve)
            yield Moment(later + timedelta(hours=1), self._publish)
            yield Moment(later + timedelta(hours=4), self._decide)
        if planned.end == "parked":
            yield Moment(today - timedelta(days=9), lambda: parking.park(self._app, self._owner))

    @property
    def _app(self) -> UUID:
        return self._apps[self._planned.starter]

    def _make(self) -> None:
        planned = self._planned
        app = making.make_from_starter(self._owner, planned.starter)
        self._apps[planned.starter] = app.id
        if planned.title:
            self._edit({"title": planned.title})
        if planned.deputy is not None:
            handing_over.name_deputy(app.id, self._owner, self._organisation.actors[planned.deputy].person)

    def _edit(self, changes: Mapping[str, str]) -> None:
        app = app_for(self._owner, self._app)
        saving.save_working(app.id, self._owner, {**app.working_plain, **changes}, app.working_revision)

    def _save(self) -> None:
        saving.save_version(self._app, self._owner, "First version")

    def _improve(self) -> None:
        self._edit(self._planned.second_version)
        saving.save_version(self._app, self._owner, "Says better what it is for")

    def _publish(self) -> None:
        planned, organisation = self._planned, self._organisation
        reach = WantedReach(
            planned.audience,
            None if planned.space is None else organisation.spaces[planned.space],
            tuple(organisation.actors[key].person for key in planned.named),
        )
        self._review = publishing.publish(self._app, self._owner, reach).review

    def _decide(self) -> None:
        if self._review is None:
            return
        reviewer = self._organisation.actors[REVIEWER]
        if self._planned.end == "sent back":
            reviewing.send_back(self._review, reviewer, self._planned.word)
        else:
            reviewing.approve(self._review, reviewer, review(self._review).digest)


class TemplateLife:
    """One planned template, version after version."""

    def __init__(self, planned: PlannedTemplate, organisation: Organisation) -> None:
        self._planned = planned
        self._author = organisation.actors[planned.author].person
        self._steward = organisation.actors[planned.steward].person
        self._family: UUID | None = None

    def moments(self, today: datetime) -> Iterator[Moment]:
        """Yield a moment for each version."""
        first = today - timedelta(days=self._planned.days_ago)
        for place in range(len(self._planned.versions)):
            yield Moment(first + timedelta(days=4 * place, hours=1), partial(self._write, place))

    def _write(self, place: int) -> None:
        planned = self._planned
        wording = worded(planned.versions[place].system, planned.versions[place].user)
        if self._family is None:
            about = About(planned.title, planned.purpose, planned.category)
            version = new_family(about, wording, self._author)
            self._family = version.family_id
        else:
            version = new_draft(self._family, wording, self._author)
        is_last = place == len(planned.versions) - 1
        if is_last and planned.end == "draft":
            return
        proposed = propose(version.id, self._author)
        if not is_last or planned.end == "approved":
            approve_template(proposed.id, self._steward, seen_digest=proposed.digest)
