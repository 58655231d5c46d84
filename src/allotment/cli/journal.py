"""`allotment journal`: verify it, prove entries, hand out evidence.

Invariant: what `--out` names is whole: it is written beside, and takes its name when it is complete.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from allotment.cli.printing import as_json as print_json
from allotment.cli.printing import json_option
from allotment.cli.witness import witness
from allotment.composition.preparing import prepare
from allotment.journal import evidence, exporting, proving, sequencing, signing, witnessing
from allotment.journal.reading import note_reading
from allotment.journal.verifying import Elsewhere, Outside, Progress, Verified, verify
from allotment.kernel.errors import Unavailable
from allotment.kernel.settings import settings

_SHOWN_PROBLEMS = 20
_file = click.Path(dir_okay=False, path_type=Path)


@click.group()
def journal() -> None:
    """Verify and prove what was recorded."""


journal.add_command(witness)  # found without this module, too: it needs no installation


@journal.command("verify")
@click.option("--since", default=0, help="Begin at this entry: the size of a checkpoint verified before.")
@click.option("--key", "keys", multiple=True, help="A public key of the journal, as you keep it elsewhere.")
@click.option(
    "--witness",
    "witnessed",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="What a witness saw: the file that `journal witness` keeps.",
)
@json_option
def verify_all(*, since: int, keys: tuple[str, ...], witnessed: Path | None, as_json: bool) -> None:
    """Check every entry, every hash, every signature and every time. Ends with 1 if anything is wrong.

    What it compares with lies beside the database. With --key or --witness, what lies outside this machine counts too.
    A new journal, of which nothing has a place yet, is signed first; nothing else is written.
    """
    seen = witnessing.read_state(witnessed) if witnessed else None
    prepare()
    if not sequencing.has_begun():
        sequencing.sequence_now()  # a new installation: nobody served it yet
    found = verify(
        Outside.read(settings().home),
        since=since,
        progress=_progress(shown=not as_json),
        elsewhere=Elsewhere(keys, seen),
    )
    if as_json:
        print_json(_plain(found))
    else:
        _tell(found)
    if not found.is_sound:
        sys.exit(1)


def _progress(*, shown: bool) -> Progress:
    def tell(done: int, all_of_them: int) -> bool:
        if shown and sys.stderr.isatty():
            click.echo(f"\r{done:,} of {all_of_them:,} entries", nl=False, err=True)
        return True

    return tell


def _plain(found: Verified) -> dict[str, object]:
    newest = found.newest
    return {
        "sound": found.is_sound,
        "entries": found.entries,
        "since": found.since,
        "checkpoints": found.checkpoints,
        "signed": newest.checkpoint.size if newest else 0,
        "signed_at": newest.at if newest else None,
        "invented": found.invented,
        "begun": [{"entry": one.number, "before": one.before, "name": one.name} for one in found.begun],
        "problems": [
            {"kind": one.kind, "where": one.where, "what": one.what, "remedy": one.remedy}
            for one in found.problems
        ],
        "problem_count": found.problem_count,
        "seconds": round(found.seconds, 3),
    }


def _tell(found: Verified) -> None:
    for one in found.problems[:_SHOWN_PROBLEMS]:
        click.secho(one.what, fg="red")
        click.echo(f"  {one.remedy}")
    if found.problem_count > _SHOWN_PROBLEMS:
        click.echo(f"… and {found.problem_count - _SHOWN_PROBLEMS} more; --json shows up to a thousand.")
    if found.invented:
        click.echo(
            f"{_count(found.invented, 'entry is', 'entries are')} of an earlier time and marked as a demonstration. "
            "If this is none, look at who wrote them."
        )
    for start in found.begun:
        click.echo(
            f"The journal was begun anew at entry {start.number}, as {start.name}; that entry says why. "
            f"What was before is checked by the old key of {start.before}."
        )
    signed = found.newest
    entries, checkpoints = _count(found.entries, "entry", "entries"), _count(found.checkpoints, "checkpoint")
    told = f"{entries} and {checkpoints} in {found.seconds:.1f} s"
    if found.is_sound:
        click.secho(f"The journal is whole: {told}.", bold=True)
        if signed is not None:
            click.echo(
                f"The first {signed.checkpoint.size:,} were signed last at {signed.at:%Y-%m-%d %H:%M:%S} UTC."
            )
    else:
        problems = _count(found.problem_count, "problem")
        click.secho(f"The journal is not whole: {problems} in {told}.", fg="red", bold=True)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


@journal.command("prove")
@click.argument("tickets", nargs=-1, required=True, type=int)
@click.option("--out", type=_file, help="Write an evidence pack (.zip) there, with the verifier.")
@click.option(
    "--since", default=0, help="For a witness that saw this many entries: adds the proof of growth."
)
def prove(*, tickets: tuple[int, ...], out: Path | None, since: int) -> None:
    """Prove that entries are in the journal: TICKETS as the journal page shows them.

    Without --out, prints the proof of one entry as a C2SP tlog-proof.
    """
    if since and out is None:
        raise click.UsageError("Name a file with --out: only an evidence pack holds the proof of growth.")
    tickets = tuple(dict.fromkeys(tickets))
    prepare()
    _read("prove", entries=len(tickets))
    if out is not None:
        with _written(out) as file:
            done = evidence.write_pack(tickets, file, witnessed=since)
        click.echo(f"Wrote {out}: {done.entries} entries, proved against {done.size:,}.")
    elif len(tickets) > 1:
        raise click.UsageError("Name a file with --out for more than one entry.")
    else:
        click.echo(proving.prove(tickets[0]).text, nl=False)


@journal.command("export")
@click.option(
    "--format",
    "written",
    type=click.Choice([one.value for one in exporting.Format]),
    help="json: as it is proved (default). ocsf: for a SIEM.",
)
@click.option("--from", "first", type=int, help="Begin at this place in the tree.")
@click.option("--to", "end", type=int, help="End before this place.")
@click.option(
    "--out", type=_file, help="Write there. A name that ends in .zip gets the whole journal as evidence."
)
def export(*, written: str | None, first: int | None, end: int | None, out: Path | None) -> None:
    """Write entries as lines of JSON, in the order of the tree."""
    is_pack = out is not None and out.suffix == ".zip"
    if is_pack and (written, first, end) != (None, None, None):
        raise click.UsageError(
            "A .zip holds the whole journal as evidence: leave --format, --from and --to out, or name another file."
        )
    prepare()
    _read("export")
    if out is not None and is_pack:
        with _written(out) as file:
            done = evidence.write_everything(file)
        click.echo(f"Wrote {out}: all {done.entries:,} entries up to the newest checkpoint.", err=True)
        return
    found = exporting.lines(exporting.Format(written or exporting.Format.JSON), first=first or 0, end=end)
    if out is None:
        for line in found:
            click.echo(line, nl=False)
        return
    with _written(out) as file:
        file.writelines(found)


@contextmanager
def _written(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes its name when it is whole; until then, what was there stays. Raises `Unavailable`."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            yield file
        beside.replace(path)
    except OSError as error:
        raise Unavailable(
            f"The file {path} cannot be written: {error.strerror}.",
            hint="Make room, or choose a folder you may write to.",
        ) from error
    finally:
        beside.unlink(missing_ok=True)  # there only if something went wrong


@journal.command("checkpoint")
@click.option("--since", type=int, help="For a witness that saw this many entries: adds the proof of growth.")
def checkpoint(*, since: int | None) -> None:
    """Print the newest signed checkpoint, after signing what was recorded until now.

    With --since, prints what `allotment journal witness` needs, as JSON.
    """
    prepare()
    _sign()
    if since is None:
        click.echo(proving.growth(0).checkpoint, nl=False)
    else:
        click.echo(witnessing.write_news(proving.news(since)))


@journal.command("keys")
def public_keys() -> None:
    """Print the journal's public keys, oldest first. Give the first to auditors and witnesses."""
    prepare()
    click.echo(evidence.public_keys(), nl=False)


@journal.command("rotate-key")
@json_option
def rotate_key(*, as_json: bool) -> None:
    """Sign with a new key from now on. The old one hands over to it in the journal; what it signed stays valid."""
    prepare()
    ticket = signing.rotate(None)
    _tell_key("A new key signs", ticket, as_json=as_json)


@journal.command("begin-again")
@click.option(
    "--reason", prompt="Why is the journal older than what was signed?", help="It stands in the journal."
)
@click.confirmation_option(prompt="Witnesses will refuse the journal until they are told. Go on?")
@json_option
def begin_again(*, reason: str, as_json: bool) -> None:
    """Go on after an old backup was put back: signs with a new key and name, and records what is missing."""
    prepare()
    ticket = sequencing.begin_again(reason, None)
    _tell_key("The journal goes on, with a new name and key", ticket, as_json=as_json)


def _tell_key(what: str, ticket: int, *, as_json: bool) -> None:
    """Say that another key signs from now on, or as soon as its entry is signed, and which."""
    key = signing.read_keys().verifiers[-1].text
    _sign()
    is_signed = sequencing.is_signed(ticket)
    if as_json:
        print_json({"entry": ticket, "key": key, "signed": is_signed})
        return
    when = f"from now on; entry {ticket} says so" if is_signed else f"as soon as entry {ticket} is signed"
    click.echo(f"{what} {when}. Tell auditors and witnesses:\n{key}")


def _sign() -> None:
    """Sign what was recorded until now, and warn if that could not be done."""
    state = sequencing.sequence_now()
    if state.trouble:
        click.secho(f"{state.trouble} {state.remedy}", fg="yellow", err=True)


def _read(how: str, entries: int = 0) -> None:
    """Record that the journal is read here, and sign what was recorded until now."""
    note_reading(None, f"command line: {how}", entries=entries)
    _sign()
