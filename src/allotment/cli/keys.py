"""`allotment keys`: which keys protect what is stored, and changing the master key."""

import click

from allotment.cli.printing import as_json as print_json
from allotment.cli.printing import json_option
from allotment.composition.preparing import prepare
from allotment.journal.recording import note
from allotment.keys import rotating
from allotment.keys.queries import KeysStatus, keys_status


@click.group()
def keys() -> None:
    """Show and rotate the keys of what is stored."""
    prepare()


@keys.command("status")
@json_option
def show_status(*, as_json: bool) -> None:
    """Show where the master key lives and what is wrapped under it. Prints no secret."""
    status = keys_status()
    if as_json:
        print_json(status)
        return
    made = f", made {status.master_made_at:%Y-%m-%d %H:%M} UTC" if status.master_made_at else ""
    click.echo(f"Master key    {status.master}, in {status.place}{made}")
    click.echo(
        f"Data keys     {status.data_keys}, {status.people} of them for one person each;"
        f" {status.destroyed} destroyed"
    )
    for master, count in status.wrapped_by.items():
        click.echo(f"              {count} wrapped under {master}")
    if status.former_masters:
        click.echo(
            f"Former keys   {status.former_masters} kept, wrapped, for what they sealed before the rotation"
        )
    last = f"{status.last_rotation:%Y-%m-%d %H:%M} UTC" if status.last_rotation else "never"
    click.echo(f"Last rotation {last}")
    if status.is_changing:
        click.secho("A rotation is not finished. Run: allotment keys rotate", fg="yellow")
    else:
        click.echo(_advice(status))


@keys.command("rotate")
@json_option
def rotate(*, as_json: bool) -> None:
    """Put a new master key in use. Running servers go on; what was broken off is finished.

    A key in a file is made anew. A Vault makes a new version. A key in ALLOTMENT_MASTER_KEY is changed by giving
    the new one there and the old one in ALLOTMENT_MASTER_KEY_PREVIOUS first.
    """
    done = rotating.rotate(_record)
    if as_json:
        print_json(done)
        return
    if done.was_begun_before:
        click.echo("Finished the rotation that had been broken off.")
    click.secho(
        f"The master key is {done.master} now. {done.data_keys} data keys are wrapped anew.", bold=True
    )
    click.echo(_advice(keys_status()))


def _record(done: rotating.Rotated) -> None:
    note(
        "keys.rotate",
        actor=None,
        object_kind="master key",
        object_id=done.master,
        former=", ".join(done.former),
        data_keys=done.data_keys,
    )


def _advice(status: KeysStatus) -> str:
    if status.place.startswith("the Vault"):
        return "Back up the Vault. Without its key nobody can read what is stored."
    return (
        "Keep a copy of the master key outside this machine, apart from backups of the database."
        " Without it nobody can read what is stored."
    )
