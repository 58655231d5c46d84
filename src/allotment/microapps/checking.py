"""Checking an app as it is now: reads what is around it and asks `checks`, problems of the spec first."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from allotment.engine.spec.app import App
from allotment.engine.spec.problems import BrokenSpec, SpecProblem
from allotment.engine.spec.reading import from_plain
from allotment.engine.spec.validation import problems
from allotment.microapps.checks import Check, Fix, checks
from allotment.microapps.surroundings import around, template
from allotment.microapps.values import AppDetail

_MOST_PROBLEMS = 5


def checks_of_working(app: AppDetail) -> tuple[Check, ...]:
    """Return the checks of the working copy; a spec that cannot be read says why."""
    try:
        spec = from_plain(app.working_plain)
    except BrokenSpec as broken:
        return _as_checks(broken.problems)
    return checks_of(app, spec)


def checks_of(app: AppDetail, spec: App) -> tuple[Check, ...]:
    """Return the checks of one spec of this app: what must change, what to look at, what is fine."""
    found = checks(app, spec, around(spec))
    covered = {place for check in found for place in check.covers}
    return (*_as_checks(one for one in problems_of(spec) if one.where not in covered), *found)


def problems_of(spec: App) -> tuple[SpecProblem, ...]:
    """Return what keeps the spec from running."""
    return problems(spec, template)


def _as_checks(found: Iterable[SpecProblem]) -> tuple[Check, ...]:
    return tuple(
        Check(f"problem:{one.where}", "stop", one.message, one.remedy, Fix(_("Mend it"), page="build"))
        for one in tuple(found)[:_MOST_PROBLEMS]
    )
