"""Reads of apps for pages, the command line and runs. Values out, never rows.

Invariant: what a person may not know of is left out (`visible_apps`) or refused (`app_for`); a shared run gets the
published, stored version (`runnable`), and only the owner and the deputy get the working copy.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, AttributeValue, Resource, Role
from allotment.engine.spec.app import App
from allotment.engine.spec.digests import digest
from allotment.engine.spec.reading import from_plain
from allotment.kernel.errors import NotAllowed, NotFound
from allotment.microapps.models import AppVersion, MicroApp, Review
from allotment.microapps.states import Audience, Outcome, State
from allotment.microapps.stored import detail_of, review_of, spec_of, summary_of, version_of
from allotment.microapps.values import (
    AppDetail,
    AppFilter,
    AppPage,
    AppSummary,
    ReviewDetail,
    Runnable,
    Version,
)
from allotment.people.api_keys.owning import OwnedApp
from allotment.policies.deciding import decide, require

_SEE_EVERYTHING = frozenset({Role.OFFICER, Role.AUDITOR})
_NOTHING = Q(pk__in=())
_MOST_FOR_KEYS = 200
_RUNNING = (State.PUBLISHED, State.IN_REVIEW)
_STATE_WORDS = {
    State.DRAFT: "draft",
    State.IN_REVIEW: "in review",
    State.PUBLISHED: "published",
    State.PARKED: "parked",
    State.RETIRED: "retired",
}
_AUDIENCE_WORDS = {
    Audience.ME: "me",
    Audience.PEOPLE: "named people",
    Audience.SPACE: "space",
    Audience.ORGANISATION: "organisation",
}


def resource(app: AppSummary) -> Resource:
    """Return the app as the policy function sees it."""
    attributes: dict[str, AttributeValue] = {
        "owner": str(app.owner.id),
        "audience": _AUDIENCE_WORDS[app.audience],
        "named": frozenset(str(person.id) for person in app.people),
        "state": _STATE_WORDS[app.state],
        "tier": app.tier.value,
        "data_class": app.data_class.value,
    }
    if app.state is State.IN_REVIEW and app.published_number is not None:
        # The approved version keeps running while a newer one is in review.
        attributes["state"] = _STATE_WORDS[State.PUBLISHED]
    if app.deputy is not None:
        attributes["deputy"] = str(app.deputy.id)
    if app.space is not None:
        attributes["space"] = str(app.space.id)
    return Resource("App", str(app.id), attributes)


def visible_apps(actor: Actor, wanted: AppFilter) -> AppPage:
    """Return the apps this person may know of: their own, those shared with them, and all for those who oversee."""
    rows = _seen_by(actor)
    if wanted.only_mine:
        rows = rows.filter(_looked_after_by(actor))
    if wanted.only_runnable:
        rows = rows.filter(_runnable_by(actor))
    if not wanted.with_parked:
        rows = rows.exclude(state__in=(State.PARKED, State.RETIRED))
    if wanted.space is not None:
        rows = rows.filter(space_id=wanted.space)
    for word in wanted.search.split()[:8]:
        rows = rows.filter(
            Q(title__icontains=word) | Q(purpose__icontains=word) | Q(owner__name__icontains=word)
        )
    if wanted.latest_first:
        rows = rows.order_by("-working_saved_at")
    part = rows[wanted.start : wanted.start + wanted.count]
    return AppPage(tuple(summary_of(row) for row in part), rows.count())


def runnable_apps(actor: Actor, *, search: str = "", count: int = 50) -> tuple[AppSummary, ...]:
    """Return the published apps this person may run, by title."""
    return visible_apps(actor, AppFilter(search=search, only_runnable=True, count=count)).apps


def apps_for_keys(actor: Actor) -> tuple[OwnedApp, ...]:
    """Return the published apps this person owns or is deputy of: those they may make an API key for."""
    wanted = AppFilter(only_mine=True, only_runnable=True, count=_MOST_FOR_KEYS)
    return tuple(OwnedApp(app.id, app.title, app.data_class) for app in visible_apps(actor, wanted).apps)


def app_for(actor: Actor, slug_or_id: str | UUID) -> AppDetail:
    """Return one app; `NotFound` also when this person may not know that it exists."""
    app = detail_of(_row(slug_or_id))
    if not decide(actor, Action.SEE_APP, resource(app)).allowed:
        raise _absent(slug_or_id)
    return app


def versions(app_id: UUID) -> tuple[Version, ...]:
    """Return the saved versions, newest first."""
    rows = AppVersion.objects.filter(app_id=app_id).select_related("author").order_by("-number")
    return tuple(version_of(row) for row in rows)


def version_spec(app_id: UUID, number: int) -> App:
    """Return the spec of one saved version."""
    row = AppVersion.objects.filter(app_id=app_id, number=number).first()
    if row is None:
        raise NotFound(
            _("This app has no version %(number)s.") % {"number": number},
            hint=_("Choose one from its list of versions."),
        )
    return spec_of(row)


def runnable(app_id: UUID, actor: Actor, *, draft: bool = False) -> Runnable:
    """Return exactly what a run of this app by this person executes.

    Raises `NotFound` without such an app, `NotAllowed` when nothing runs for them, and `BrokenSpec` when the working
    copy cannot be read yet.
    """
    row = _row(app_id)
    app = summary_of(row)
    if draft:
        require(actor, Action.EDIT_APP, resource(app))
        spec = from_plain(row.working_spec)
        return _runnable(app, spec, None, digest(spec))
    published = row.published_version
    if published is None or not app.is_runnable:
        raise NotAllowed(
            _("“%(title)s” is not running now.") % {"title": app.title},
            hint=_("Its owner, %(owner)s, can publish it.") % {"owner": app.owner.name},
        )
    require(actor, Action.RUN_APP, resource(app))
    return _runnable(app, spec_of(published), published.number, published.digest)


def pending_reviews() -> tuple[ReviewDetail, ...]:
    """Return the reviews that wait for a decision, longest waiting first."""
    return tuple(review_of(row) for row in _reviews().filter(outcome=Outcome.PENDING))


def decided_reviews(count: int = 20) -> tuple[ReviewDetail, ...]:
    """Return the latest decisions."""
    rows = _reviews().exclude(outcome=Outcome.PENDING).order_by("-decided_at")[:count]
    return tuple(review_of(row) for row in rows)


def review(review_id: UUID) -> ReviewDetail:
    """Return one review."""
    row = _reviews().filter(id=review_id).first()
    if row is None:
        raise NotFound(_("This review is not there."), hint=_("Go to the reviews and choose another."))
    return review_of(row)


def count_reviews_for(actor: Actor) -> int:
    """Return how many reviews wait that this person may decide on."""
    waiting = Review.objects.filter(outcome=Outcome.PENDING)
    mine = (
        Q(app__owner_id=actor.person)
        | Q(app__deputy_id=actor.person)
        | Q(version__author_id=actor.person)
        | Q(requested_by_id=actor.person)
    )
    return waiting.exclude(mine).count()


def reasons_sent_back(app_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return why each of these apps was sent back, where that was the last word."""
    latest: dict[UUID, Review] = {}
    for row in Review.objects.filter(app_id__in=app_ids).order_by("requested_at"):
        latest[row.app_id] = row
    return {app: row.reason for app, row in latest.items() if row.outcome == Outcome.SENT_BACK}


def app_titles(app_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the titles of these apps, for lists that name them."""
    return dict(MicroApp.objects.filter(id__in=app_ids).values_list("id", "title"))


def app_choices() -> tuple[tuple[str, str], ...]:
    """Return id and title of every app that is not retired, to be chosen by."""
    rows = MicroApp.objects.exclude(state=State.RETIRED).values_list("id", "title")
    return tuple((str(id_), title) for id_, title in rows)


def _runnable(app: AppSummary, spec: App, number: int | None, spec_digest: str) -> Runnable:
    return Runnable(
        app_id=app.id,
        slug=app.slug,
        title=app.title,
        version=number,
        spec=spec,
        digest=spec_digest,
        owner=app.owner.id,
        deputy=None if app.deputy is None else app.deputy.id,
        space=None if app.space is None else app.space.id,
        audience=app.audience,
        tier=app.tier,
    )


def _rows() -> QuerySet[MicroApp]:
    return MicroApp.objects.select_related("owner", "deputy", "space", "published_version").prefetch_related(
        "people"
    )


def _reviews() -> QuerySet[Review]:
    return Review.objects.select_related(
        "app__owner",
        "app__deputy",
        "app__space",
        "app__published_version",
        "version__author",
        "space",
        "requested_by",
        "decided_by",
    ).prefetch_related("people", "app__people")


def _row(slug_or_id: str | UUID) -> MicroApp:
    named = Q(id=slug_or_id) if isinstance(slug_or_id, UUID) else Q(slug=slug_or_id)
    row = _rows().filter(named).first()
    if row is None:
        raise _absent(slug_or_id)
    return row


def _absent(slug_or_id: str | UUID) -> NotFound:
    return NotFound(
        _("There is no app “%(name)s”, or it is not shared with you.") % {"name": slug_or_id},
        hint=_("Look for it under Apps, or ask its owner to share it with you."),
    )


def _looked_after_by(actor: Actor) -> Q:
    if not decide(actor, Action.EDIT_APP).allowed:
        return _NOTHING
    return Q(owner_id=actor.person) | Q(deputy_id=actor.person)


def _runnable_by(actor: Actor) -> Q:
    if not decide(actor, Action.RUN_APP).allowed:
        return _NOTHING
    named = MicroApp.people.through.objects.filter(person_id=actor.person).values("microapp_id")
    shared = (
        Q(audience=Audience.ORGANISATION)
        | Q(audience=Audience.SPACE, space_id__in=actor.spaces)
        | Q(audience=Audience.PEOPLE, id__in=named)
        | _looked_after_by(actor)
    )
    return Q(published_version__isnull=False, state__in=_RUNNING) & shared


def _seen_by(actor: Actor) -> QuerySet[MicroApp]:
    if actor.roles & _SEE_EVERYTHING:
        return _rows()
    seen = _looked_after_by(actor) | _runnable_by(actor)
    if Role.REVIEWER in actor.roles:
        seen |= ~Q(state=State.DRAFT)
    return _rows().filter(seen)
