"""Filling an empty installation with Alder Savings, moment by moment, in the order in which it happened.

Invariant: all of it is there or none of it; the journal tells it in order, each entry marked `demo`.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from allotment.composition.demo.founding import Organisation, found
from allotment.composition.demo.portfolio import APPS, TEMPLATES, PlannedApp
from allotment.composition.demo.tending import AppLife, Moment, TemplateLife
from allotment.composition.demo.week import EXAMPLE_MODEL, Happening, week
from allotment.engine.principals import Actor, Role
from allotment.journal.recording import marking
from allotment.kernel import clock
from allotment.microapps.states import Audience
from allotment.runs.planting import plant

_FOUNDED_DAYS_AGO = 40
_NINE = 9


@transaction.atomic
def fill(password: str) -> Organisation:
    """Make the organisation and its last weeks; everybody signs in with `password`."""
    today = clock.now().replace(hour=_NINE, minute=0, second=0, microsecond=0)
    with marking(demo=True):
        with clock.frozen(today - timedelta(days=_FOUNDED_DAYS_AGO)):
            organisation = found(password)
        for moment in sorted(_moments(organisation, today), key=lambda one: one.at):
            with clock.frozen(min(moment.at, today)):
                moment.happens()
    return organisation


def _moments(organisation: Organisation, today: datetime) -> Iterator[Moment]:
    apps: dict[str, UUID] = {}
    for template in TEMPLATES:
        yield from TemplateLife(template, organisation).moments(today)
    for app in APPS:
        yield from AppLife(app, organisation, apps).moments(today)
    colleagues = {planned.starter: _who_may_run(planned, organisation) for planned in APPS}
    for happening in week(today):
        yield Moment(happening.past.at, _planting(happening, apps, colleagues))


def _planting(
    happening: Happening, apps: Mapping[str, UUID], colleagues: Mapping[str, tuple[Actor, ...]]
) -> Callable[[], object]:
    may = colleagues[happening.starter]
    person = may[happening.turn * 5 % len(may)]
    return partial(_plant, apps, happening, person)


def _plant(apps: Mapping[str, UUID], happening: Happening, person: Actor) -> None:
    plant(apps[happening.starter], person, happening.past, EXAMPLE_MODEL)


def _who_may_run(planned: PlannedApp, organisation: Organisation) -> tuple[Actor, ...]:
    """Return the people the app is shared with, as the policies will find."""
    if planned.audience is Audience.SPACE and planned.space is not None:
        return organisation.people_of(planned.space)
    if planned.audience is Audience.PEOPLE:
        return tuple(organisation.actors[key] for key in (planned.owner, *planned.named))
    return tuple(actor for actor in organisation.actors.values() if Role.COLLEAGUE in actor.roles)
