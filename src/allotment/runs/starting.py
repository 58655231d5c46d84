"""Starting a run: check the form, store the run, hand it to durable execution."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.forms import read_form
from allotment.engine.principals import Actor
from allotment.engine.spec.reading import to_plain
from allotment.journal.recording import note
from allotment.kernel.errors import Invalid
from allotment.kernel.ids import new_id
from allotment.microapps.queries import runnable
from allotment.microapps.values import Runnable
from allotment.runs import durable
from allotment.runs.events import append
from allotment.runs.handing_in import keep_tables, table_problems
from allotment.runs.models import Run, RunDocument
from allotment.runs.sealing import seal, seal_bytes


class FormProblems(Invalid):
    """The form cannot be used as filled in. `problems` has a sentence per field."""

    code = "form"

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("Some fields need another look.", hint="Mend the marked fields and run again.")
        self.problems = dict(problems)


@dataclass(frozen=True)
class Upload:
    """A file somebody chose for a document field."""

    name: str
    content: bytes


def start(
    app_id: UUID,
    actor: Actor,
    raw: Mapping[str, str],
    *,
    trial: bool = False,
    uploads: Mapping[str, Upload] | None = None,
) -> UUID:
    """Start a run of the published version, or (`trial`) of the working copy, and return its id.

    Raises `FormProblems`, `NotAllowed`, or `NotFound`; nothing is stored then.
    """
    run = accept(runnable(app_id, actor, draft=trial), actor, raw, uploads or {})
    durable.begin(run)
    return run


def accept(wanted: Runnable, actor: Actor, raw: Mapping[str, str], uploads: Mapping[str, Upload]) -> UUID:
    """Store a run of what `runnable` returned; whoever calls begins it (`durable.begin`).

    Should the process end in between, the next one begins it. Raises `FormProblems`; nothing is stored then.
    """
    _check_form(wanted, actor, raw, uploads)
    return store(wanted, actor, raw, uploads)


def _check_form(
    wanted: Runnable, actor: Actor, raw: Mapping[str, str], uploads: Mapping[str, Upload]
) -> None:
    given = {**raw, **{field: upload.name for field, upload in uploads.items()}}
    problems = {**table_problems(wanted.spec, given, actor), **read_form(wanted.spec, given).problems}
    if problems:
        raise FormProblems(problems)


@transaction.atomic
def store(wanted: Runnable, actor: Actor, raw: Mapping[str, str], uploads: Mapping[str, Upload]) -> UUID:
    """Store a run that is about to begin, and note it."""
    run = new_id()
    fields = {field.field for field in wanted.spec.form}
    form = {name: value for name, value in raw.items() if name in fields}
    form.update({field: upload.name for field, upload in uploads.items()})
    Run.objects.create(
        id=run,
        app_id=wanted.app_id,
        version=wanted.version,
        spec=to_plain(wanted.spec),
        digest=wanted.digest,
        person_id=actor.person,
        space_id=wanted.space,
        form=seal(form, column="form", run=run, person=actor.person),
    )
    keep_tables(wanted.spec, form, actor.person)
    for field, upload in uploads.items():
        sealed = seal_bytes(upload.content, column=f"document.{field}", run=run, person=actor.person)
        RunDocument.objects.create(run_id=run, field=field, content=sealed)
    note(
        Action.RUN_APP.value,
        actor=actor.person,
        object_kind="app",
        object_id=str(wanted.app_id),
        space=wanted.space,
        app=wanted.app_id,
        run=run,
        outcome="allowed",
        version=wanted.version,
        digest=wanted.digest,
        trial=wanted.is_draft,
    )
    append(run, "progress", {"words": _("Waiting for its turn…")})
    return run
