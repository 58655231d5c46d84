"""Starting a batch: the app, the sheet, and which column fills which field."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from uuid import UUID

from django.db import transaction
from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F
from django.utils.translation import gettext as _

from allotment.engine.principals import Actor
from allotment.engine.spec.app import App
from allotment.engine.spec.reading import to_plain
from allotment.engine.tables.naming import folded
from allotment.kernel.errors import Invalid, TooLarge
from allotment.kernel.ids import new_id
from allotment.microapps.values import Runnable
from allotment.runs.batches import finishing, foreman
from allotment.runs.batches.answering import why_not_many
from allotment.runs.batches.models import Batch
from allotment.runs.batches.sealed import About, sealed_about
from allotment.runs.batches.standing import AT_ONCE
from allotment.runs.models import Run, RunState
from allotment.sheets import opening, queries
from allotment.sheets.values import SheetView

MOST_ROWS = 200_000
_RUNS_LOOKED_AT = 50


@dataclass(frozen=True)
class Estimate:
    """What a batch is likely to take, going by runs of the same app; None where there were none."""

    seconds: float | None
    cost_nanodollars: int | None


def guessed_matching(app: App, columns: tuple[str, ...]) -> dict[str, str]:
    """Return the likeliest column for each field: of the same name, else of a similar one."""
    by_name = {folded(column): column for column in columns}
    found = {}
    for field in app.form:
        names = (folded(field.label), folded(field.field), folded(field.field.replace("_", " ")))
        exact = next((by_name[name] for name in names if name in by_name), None)
        near = get_close_matches(names[0], by_name, n=1, cutoff=0.7)
        column = exact or (by_name[near[0]] if near else None)
        if column is not None:
            found[field.field] = column
    return found


def estimate(app: UUID, rows: int) -> Estimate:
    """Return how long so many rows take and what they cost, from this app's latest runs."""
    took = ExpressionWrapper(F("finished_at") - F("created_at"), output_field=DurationField())
    done = Run.objects.filter(app_id=app, state=RunState.DONE).order_by("-created_at").values("id")
    latest = Run.objects.filter(id__in=[run["id"] for run in done[:_RUNS_LOOKED_AT]])
    found = latest.aggregate(count=Count("id"), took=Avg(took), cost=Avg("cost_nanodollars"))
    if not found["count"]:
        return Estimate(None, None)
    return Estimate(found["took"].total_seconds() * rows / AT_ONCE, round(found["cost"] * rows))


def check(app: App, sheet: SheetView, matching: Mapping[str, str]) -> None:
    """Raise `Invalid` or `TooLarge` for what cannot be run."""
    if reason := why_not_many(app):
        raise Invalid(reason, hint=_("Run it once for each instead."))
    if sheet.rows > MOST_ROWS:
        raise TooLarge(
            _("The file has %(rows)s rows; %(most)s is the most.")
            % {"rows": f"{sheet.rows:,}", "most": f"{MOST_ROWS:,}"},
            hint=_("Split it into several files."),
        )
    missing = [field.label for field in app.form if field.required and not matching.get(field.field)]
    if missing:
        raise Invalid(
            _("Nothing fills %(fields)s.") % {"fields": ", ".join(f"“{label}”" for label in missing)},
            hint=_("Choose a column for each field that must be filled in."),
        )
    unknown = [column for column in matching.values() if column not in sheet.columns]
    if unknown:
        raise Invalid(
            _("The file has no column “%(name)s”.") % {"name": unknown[0]}, hint=_("Choose another column.")
        )


def start(
    actor: Actor, wanted: Runnable, sheet_id: UUID, matching: Mapping[str, str], *, same_once: bool = False
) -> UUID:
    """Start a batch of what `runnable` returned. Raises `Invalid`, `TooLarge`, `NotFound`; nothing is stored then."""
    sheet = queries.sheet_for(actor, sheet_id)
    chosen = {field: column for field, column in matching.items() if column}
    check(wanted.spec, sheet, chosen)
    batch = new_id()
    about = About(sheet.name, sheet.columns, chosen)
    with transaction.atomic():
        row = Batch.objects.create(
            id=batch,
            app_id=wanted.app_id,
            version=wanted.version,
            spec=to_plain(wanted.spec),
            digest=wanted.digest,
            person_id=actor.person,
            space_id=wanted.space,
            sheet=sheet_id,
            about=sealed_about(about, batch=batch, person=actor.person),
            same_once=same_once and wanted.spec.batch.same_once,
            rows_expected=sheet.rows,
        )
        opening.keep(sheet_id, actor.person)
        finishing.tell(finishing.START, row, actor.person, {"rows": sheet.rows})
    foreman.nudge()
    return batch
