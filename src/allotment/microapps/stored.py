"""Rows of this package turned into values, and rows held for a change.

Invariant: every capability changes an app only through `held`, which locks its row for the transaction.
"""

from uuid import UUID

from django.utils.translation import gettext as _

from allotment.engine.spec.app import App, DataClass, DataUse
from allotment.engine.spec.digests import digest
from allotment.engine.spec.reading import from_plain
from allotment.kernel.errors import Invalid, NotFound
from allotment.microapps.models import AppVersion, MicroApp, Review
from allotment.microapps.states import Audience, Outcome, State, Tier
from allotment.microapps.values import AppDetail, AppSummary, Named, Reach, ReviewDetail, Version


def held(app_id: UUID) -> MicroApp:
    """Return the app's row, locked until the transaction ends."""
    row = MicroApp.objects.select_for_update().filter(id=app_id).first()
    if row is None:
        raise NotFound(_("This app is not there."), hint=_("Go to your apps and choose another."))
    return row


def spec_of(version: AppVersion) -> App:
    """Return the spec a version holds; it was valid when it was saved."""
    return from_plain(version.spec)


def summary_of(row: MicroApp) -> AppSummary:
    """Return the app as a list shows it; its relations should be selected already."""
    published = row.published_version
    return AppSummary(
        id=row.id,
        slug=row.slug,
        title=row.title,
        purpose=row.purpose,
        owner=Named(row.owner.id, row.owner.name),
        deputy=None if row.deputy is None else Named(row.deputy.id, row.deputy.name),
        space=None if row.space is None else Named(row.space.id, row.space.name),
        audience=Audience(row.audience),
        people=tuple(Named(person.id, person.name) for person in row.people.all()),
        state=State(row.state),
        tier=Tier(row.tier),
        data_class=_declared_class(row.working_spec if published is None else published.spec),
        published_number=None if published is None else published.number,
        working_saved_at=row.working_saved_at,
    )


def detail_of(row: MicroApp) -> AppDetail:
    """Return the app with everything its pages show."""
    summary = summary_of(row)
    latest = row.versions.order_by("-number").first()
    review = row.reviews.order_by("-requested_at").first()
    return AppDetail(
        **vars(summary),
        working_plain=row.working_spec,
        working_revision=row.working_revision,
        latest_number=None if latest is None else latest.number,
        has_unsaved_changes=latest is None or digest_of_plain(row.working_spec) != latest.digest,
        data=data_of(row.working_spec),
        starter=row.starter,
        near_starters=tuple(row.near_starters),
        created_at=row.created_at,
        pending_review=review.id if review is not None and review.outcome == Outcome.PENDING else None,
        sent_back=review.reason if review is not None and review.outcome == Outcome.SENT_BACK else "",
    )


def _declared_class(plain: object) -> DataClass:
    """Return the declared data class without reading the whole spec; lists show many."""
    data = plain.get("data") if isinstance(plain, dict) else None
    declared = data.get("class", DataClass.INTERNAL) if isinstance(data, dict) else DataClass.INTERNAL
    # What cannot be read is treated as the most sensitive.
    return DataClass(declared) if declared in set(DataClass) else DataClass.RESTRICTED


def digest_of_plain(plain: object) -> str:
    """Return the digest of the spec this plain data means; empty when it cannot be read."""
    try:
        return digest(from_plain(plain))
    except Invalid:
        return ""


def data_of(plain: object) -> DataUse:
    """Return what data the plain spec declares; the defaults when it cannot be read."""
    try:
        return from_plain(plain).data
    except Invalid:
        return DataUse()


def version_of(row: AppVersion) -> Version:
    """Return a saved version without its spec."""
    return Version(
        number=row.number,
        digest=row.digest,
        behaviour_digest=row.behaviour_digest,
        author=Named(row.author.id, row.author.name),
        note=row.note,
        created_at=row.created_at,
    )


def review_of(row: Review) -> ReviewDetail:
    """Return a review with the app it is about."""
    decided_by = row.decided_by
    return ReviewDetail(
        id=row.id,
        app=summary_of(row.app),
        number=row.version.number,
        author=Named(row.version.author.id, row.version.author.name),
        reach=Reach(
            Audience(row.audience),
            None if row.space is None else Named(row.space.id, row.space.name),
            tuple(Named(person.id, person.name) for person in row.people.all()),
        ),
        tier=Tier(row.tier),
        digest=row.digest,
        requested_by=Named(row.requested_by.id, row.requested_by.name),
        requested_at=row.requested_at,
        outcome=Outcome(row.outcome),
        decided_by=None if decided_by is None else Named(decided_by.id, decided_by.name),
        decided_at=row.decided_at,
        reason=row.reason,
    )
