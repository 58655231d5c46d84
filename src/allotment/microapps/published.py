"""Every app that runs now, read at once, for those who keep a copy.

Invariant: an app is told exactly as its pages tell it to the policy function; what is not running is left out.
"""

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from allotment.engine.principals import Resource
from allotment.engine.spec.app import Ask
from allotment.kernel.errors import Invalid
from allotment.microapps.models import AppVersion, MicroApp, Review
from allotment.microapps.queries import resource
from allotment.microapps.states import Outcome
from allotment.microapps.stored import spec_of, summary_of
from allotment.microapps.values import AppSummary


@dataclass(frozen=True)
class PublishedApp:
    """An app with a published version that runs."""

    summary: AppSummary
    resource: Resource
    version: int
    approver: UUID | None
    """Who approved this version; None when it needed nobody."""
    templates: frozenset[str]
    """`name@version` of every template this version asks with."""


def published_apps() -> tuple[PublishedApp, ...]:
    """Return every app that runs now."""
    rows = (
        MicroApp.objects.filter(published_version__isnull=False)
        .select_related("owner", "deputy", "space", "published_version")
        .prefetch_related("people")
        .defer("working_spec", "purpose", "near_starters")
    )
    approvers = _approvers()
    found = []
    for row in rows:
        summary, version = summary_of(row), row.published_version
        if version is None or not summary.is_runnable:
            continue
        with suppress(Invalid):  # a spec of a later Allotment, which nothing here can run either
            templates = _templates(version)
            found.append(
                PublishedApp(summary, resource(summary), version.number, approvers.get(version.id), templates)
            )
    return tuple(found)


def _approvers() -> dict[UUID, UUID | None]:
    approved = Review.objects.filter(outcome=Outcome.APPROVED).order_by("decided_at")
    return dict(approved.values_list("version_id", "decided_by_id"))


def _templates(version: AppVersion) -> frozenset[str]:
    return frozenset(step.template for step in spec_of(version).steps if isinstance(step, Ask))
