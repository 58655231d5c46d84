"""The tables of a run: what was handed in, and what its steps computed, kept sealed until they are looked at.

Invariant: rows lie in the clear only in a private folder inside the installation's home, and only while something is
computed from them. Refuses: a table that the run does not have.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

from django.utils.translation import gettext as _

from allotment.engine.state import Reference
from allotment.engine.tables.plan import Plan
from allotment.engine.tables.rows import Rows
from allotment.kernel.errors import Invalid
from allotment.kernel.private_folders import private_folder
from allotment.runs import cancelling
from allotment.runs.handing_in import opened_table
from allotment.runs.models import Run, RunTable
from allotment.runs.sealing import seal_bytes, unseal_bytes
from allotment.runs.working import Work
from allotment.tables.computing import Computed, Source, rows
from allotment.tables.computing import compute as compute_plan
from allotment.tables.engine import Limits

_FORM = "form."


def keep_table(row: Run, path: str, parquet: bytes) -> None:
    """Keep what a step computed, in the caller's transaction."""
    sealed = seal_bytes(parquet, column=f"table.{path}", run=row.id, person=row.person_id)
    RunTable.objects.create(run=row, path=path, content=sealed)


def first_rows(work: Work, reference: Reference, count: int) -> Rows:
    """Return the first rows of a table of a run."""
    with opened(work.row.id, work.row.person_id, work.form, [reference.path]) as tables:
        return rows(tables[reference.path], first=count)


@contextmanager
def computed(
    work: Work, plan: Plan, source: Reference, others: Mapping[str, Reference]
) -> Iterator[tuple[Computed, Path]]:
    """Compute a plan from tables of a run; the result lies in a file as long as the context lasts."""
    run = work.row.id
    paths = [source.path, *(other.path for other in others.values())]
    with (
        opened(run, work.row.person_id, work.form, paths) as tables,
        private_folder() as folder,
        cancelling.computing(run) as is_stopped,
    ):
        joined = {name: tables[other.path] for name, other in others.items()}
        out = folder / "computed.parquet"
        yield (
            compute_plan(plan, tables[source.path], joined, out=out, limits=Limits(is_stopped=is_stopped)),
            out,
        )


@contextmanager
def opened(
    run: UUID, person: UUID, form: Mapping[str, str], paths: Sequence[str]
) -> Iterator[Mapping[str, Source]]:
    """Open tables of a run by their paths, as long as the context lasts; raises `Invalid` for one that is missing."""
    with ExitStack() as open_tables:
        folder = open_tables.enter_context(private_folder())
        found: dict[str, Source] = {}
        for number, path in enumerate(dict.fromkeys(paths)):
            file = folder / f"{number}.parquet"
            if not path.startswith(_FORM):
                found[path] = _kept(run, path, file)
            elif text := form.get(path.removeprefix(_FORM), ""):
                found[path] = open_tables.enter_context(opened_table(text, person, file))
            else:
                raise _missing(path)
        yield found


def _kept(run: UUID, path: str, file: Path) -> Source:
    row = RunTable.objects.filter(run=run, path=path).first()
    if row is None:
        raise _missing(path)
    file.write_bytes(unseal_bytes(row.content, column=f"table.{path}", run=run))
    return Source(file)


def _missing(path: str) -> Invalid:
    return Invalid(
        _("The table “%(name)s” is not there.") % {"name": path.partition(".")[2]},
        hint=_("Hand in a table and run again."),
        where=path,
    )
