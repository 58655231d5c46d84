"""Files of batches: the template to fill in, and the results with every original column."""

import tempfile
from dataclasses import dataclass
from typing import IO
from uuid import UUID

from django.utils.translation import gettext as _

from allotment.documents.rows_writing import MEDIA_TYPES, write_rows, write_rows_to
from allotment.engine.principals import Actor
from allotment.engine.spec.app import App
from allotment.kernel.errors import NotFound
from allotment.kernel.settings import settings
from allotment.runs.batches import finishing
from allotment.runs.batches.queries import batch_row, heads, result_rows


@dataclass(frozen=True)
class ResultFile:
    """An open file that goes when it is closed."""

    file: IO[bytes]
    media_type: str


def template_file(app: App, kind: str) -> bytes:
    """Return a file with the form's labels as headings and its example as the first row."""
    _check(kind)
    head = [field.label for field in app.form]
    return write_rows(kind, head, [[app.sample.get(field.field, "") for field in app.form]], title=app.title)


def results_file(actor: Actor, batch: UUID, kind: str) -> ResultFile:
    """Write the results of one's own batch and note it; raises `NotFound` and `Erased`."""
    _check(kind)
    row = batch_row(actor, batch)
    file = tempfile.TemporaryFile(dir=settings().home)  # noqa: SIM115 - whoever sends it closes it
    write_rows_to(file, kind, heads(row), result_rows(row), title=row.app.title)
    file.seek(0)
    finishing.tell(finishing.TAKE_OUT, row, actor.person, {"file": kind})
    return ResultFile(file, MEDIA_TYPES[kind])


def _check(kind: str) -> None:
    if kind not in MEDIA_TYPES:
        raise NotFound(_("These come as Excel or CSV files."), hint=_("Choose one of the two."))
