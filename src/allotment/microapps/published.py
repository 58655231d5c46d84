"""Every app that runs now, read at once, for those who keep a copy.

Invariant: an app is told exactly as its pages tell it to the policy function; what is not running is left out.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import msgspec

from allotment.engine.answers import most_tokens
from allotment.engine.principals import Resource
from allotment.engine.spec.app import Answer
from allotment.microapps.models import AppVersion, MicroApp, Review
from allotment.microapps.queries import resource
from allotment.microapps.states import Outcome
from allotment.microapps.stored import summary_of
from allotment.microapps.values import AppSummary


@dataclass(frozen=True)
class AskedStep:
    """A step that asks a model."""

    template: str
    """`name@version`."""
    model: str
    """As the spec names it; empty for the model that is used where none is named."""
    most_tokens: int
    """How long its answer may get."""


@dataclass(frozen=True)
class PublishedApp:
    """An app with a published version that runs."""

    summary: AppSummary
    resource: Resource
    version: int
    approver: UUID | None
    """Who approved this version; None when it needed nobody."""
    asks: tuple[AskedStep, ...]
    """Every step of this version that asks a model, in their order."""


class _Step(msgspec.Struct):
    template: str = ""
    model: str = ""
    answer: Answer = msgspec.field(default_factory=Answer)


class _Asks(msgspec.Struct):
    """What is read of a stored spec, which was checked as a whole when it was saved."""

    steps: list[_Step] = []


def published_apps(ids: Collection[UUID] | None = None) -> tuple[PublishedApp, ...]:
    """Return every app that runs now, or those of these apps that do."""
    chosen = MicroApp.objects.all() if ids is None else MicroApp.objects.filter(id__in=ids)
    rows = (
        chosen.filter(published_version__isnull=False)
        .select_related("owner", "deputy", "space", "published_version")
        .prefetch_related("people")
        .defer("working_spec", "near_starters")
    )
    approvers = _approvers(ids)
    found = []
    for row in rows:
        summary, version = summary_of(row), row.published_version
        if version is None or not summary.is_runnable:
            continue
        with suppress(msgspec.ValidationError):  # changed past us; a run would refuse it as well
            asks = _asked_steps(version)
            found.append(
                PublishedApp(summary, resource(summary), version.number, approvers.get(version.id), asks)
            )
    return tuple(found)


def approver_of(app: UUID, version: int) -> UUID | None:
    """Return who approved this version; None when it needed nobody."""
    approved = Review.objects.filter(app_id=app, version__number=version, outcome=Outcome.APPROVED)
    return approved.order_by("-decided_at").values_list("decided_by_id", flat=True).first()


def _approvers(ids: Collection[UUID] | None) -> dict[UUID, UUID | None]:
    approved = Review.objects.filter(outcome=Outcome.APPROVED).order_by("decided_at")
    if ids is not None:
        approved = approved.filter(app_id__in=ids)
    return dict(approved.values_list("version_id", "decided_by_id"))


def _asked_steps(version: AppVersion) -> tuple[AskedStep, ...]:
    steps = msgspec.convert(version.spec, _Asks).steps
    return tuple(
        AskedStep(step.template, step.model, most_tokens(step.answer)) for step in steps if step.template
    )
