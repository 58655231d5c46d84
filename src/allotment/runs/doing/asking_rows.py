"""Asking a model for each row of a table: the rows as a batch, their answers as columns beside them.

Invariant: while rows are asked, the run holds nothing but a thread that looks now and then, and not even that once
its person may not run apps any more; whoever ends it in between loses no answer. What a row used is counted when it is
answered.
"""

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.interpreter import ForEachEffect
from allotment.engine.spec.paths import columns_added, spoken
from allotment.kernel import clock
from allotment.kernel.private_folders import private_folder
from allotment.runs import ending
from allotment.runs.asking import may_run_apps
from allotment.runs.batches import for_each
from allotment.runs.batches.holding import worked_seconds
from allotment.runs.batches.models import AT_WORK, Batch, BatchState
from allotment.runs.batches.sealed import told_of
from allotment.runs.events import append
from allotment.runs.models import Run, RunStep
from allotment.runs.progress import sealed_outcome
from allotment.runs.queries import is_over
from allotment.runs.tables import keep_table, opened
from allotment.runs.working import Work
from allotment.tables.beside import put_beside

WAITS = "waits"
"""Nothing more to do before its rows are asked."""
_NEWS_EVERY_SECONDS = 5.0


def ask_rows(work: Work, effect: ForEachEffect) -> str | None:
    """Begin to ask, or keep the answers. Returns `WAITS`, the final state of a run that ends here, or None."""
    batch = for_each.batch_of(work.row.id, effect.step.step) or for_each.begin(work, effect)
    if batch.state in AT_WORK or batch.state == BatchState.PAUSED:
        return WAITS
    if batch.state != BatchState.DONE:
        told = told_of(batch)
        message = told.message or _("The questions about the rows were cancelled.")
        return ending.fail(work.row, message, told.remedy)
    failed, number, why = for_each.unanswered(batch)
    if failed and not batch.done:
        said = _("Not one row was answered. Row %(number)s: %(why)s") % {"number": f"{number:,}", "why": why}
        return ending.fail(work.row, said, _("Mend that, and run it again."))
    _keep(work, effect, batch, _warnings(effect.step.step, batch, failed, number))
    return None


def _keep(work: Work, effect: ForEachEffect, batch: Batch, warnings: list[str]) -> None:
    """Write the table with its new columns, and what the step used, together."""
    row, step = work.row, effect.step.step
    with (
        opened(row.id, row.person_id, work.form, [effect.source.path]) as tables,
        private_folder() as folder,
    ):
        out = folder / "asked.parquet"
        put_beside(tables[effect.source.path], columns_added(effect.step), _cells(effect, batch), out)
        content = out.read_bytes()
    with transaction.atomic():
        keep_table(row, f"steps.{step}", content)
        RunStep.objects.create(
            run=row,
            step=step,
            template=effect.step.template,
            model=batch.model,
            runs_here=batch.runs_here,
            tokens_in=batch.tokens_in,
            tokens_out=batch.tokens_out,
            cost_nanodollars=batch.cost_nanodollars,
            milliseconds=round(worked_seconds(batch) * 1000),
            masked=batch.masked,
            withheld=batch.withheld,
            warnings=warnings,
            entry=batch.entry,
            outcome=sealed_outcome(batch.done, work.remembered, step=step, run=row),
        )


def _cells(effect: ForEachEffect, batch: Batch) -> Iterator[tuple[str, ...]]:
    names = tuple(effect.step.answer.fields) or (effect.step.step,)
    for found in for_each.answers(batch):
        yield tuple(found.get(name, "") for name in names)


def _warnings(step: str, batch: Batch, failed: int, number: int) -> list[str]:
    """Return what the receipt says of rows without an answer; why, which may quote, stands beside the rows, sealed."""
    said = {"step": spoken(step), "rows": f"{batch.rows:,}"}
    warnings = []
    if failed:
        words = _("%(failed)s of %(rows)s rows have no “%(step)s”; the first is row %(number)s.")
        warnings.append(words % {**said, "failed": f"{failed:,}", "number": f"{number:,}"})
    if batch.unfit:
        words = _(
            "%(unfit)s of %(rows)s rows were not asked about “%(step)s”: their cells are empty or too long."
        )
        warnings.append(words % {**said, "unfit": f"{batch.unfit:,}"})
    return warnings


class RowsWatch:
    """Looks how far the rows of a run are, and tells the run's page."""

    def __init__(self, run: UUID) -> None:
        self._run = run
        self._told: for_each.RowsSoFar | None = None
        self._told_at = 0.0

    def is_waiting(self) -> bool:
        """Whether rows are still to be asked; False once there are none, and once the run is over."""
        if is_over(self._run):
            for_each.stop(self._run)
            return False
        so_far = for_each.rows_so_far(self._run)
        if so_far is None:
            return False
        if so_far.is_paused and self._is_left():
            return False
        if self._is_news(so_far):
            self._told, self._told_at = so_far, clock.monotonic()
            append(self._run, "progress", self._progress(so_far))
        return True

    def _is_left(self) -> bool:
        """End a run whose rows are paused and which nobody may take on or cancel; False when somebody may."""
        row = Run.objects.get(id=self._run)
        if may_run_apps(row.person_id):
            return False
        ending.refuse(
            row,
            _("You may not run apps any more, so the other rows were not asked."),
            _("Ask an administrator to let you, then run it again."),
        )
        for_each.stop(self._run)
        return True

    def _is_news(self, so_far: for_each.RowsSoFar) -> bool:
        told = self._told
        if told is None or so_far.step != told.step or so_far.waits_for != told.waits_for:
            return True
        hundredth = so_far.rows / 100
        is_late = clock.monotonic() - self._told_at > _NEWS_EVERY_SECONDS
        return so_far.ended - told.ended >= (1 if is_late else max(1, hundredth))

    def _progress(self, so_far: for_each.RowsSoFar) -> dict[str, object]:
        steps = [
            step["step"] for step in Run.objects.values_list("spec", flat=True).get(id=self._run)["steps"]
        ]
        place = steps.index(so_far.step)
        words = _("Step %(place)s of %(count)s: %(step)s, %(ended)s of %(rows)s rows") % {
            "place": place + 1,
            "count": len(steps),
            "step": so_far.step,
            "ended": f"{so_far.ended:,}",
            "rows": f"{so_far.rows:,}",
        }
        return {
            "step": so_far.step,
            "value": place + so_far.ended / max(1, so_far.rows),
            "max": len(steps),
            "words": f"{words} – {so_far.waits_for}" if so_far.waits_for else words,
        }
