"""`allotment journal witness`: remember another installation's journal, on a machine that has none of its own.

Invariant: neither Django nor settings are loaded, so nothing but the state is written here.
"""

from datetime import timedelta
from pathlib import Path
from typing import IO

import click

from allotment.cli.printing import as_json as print_json
from allotment.cli.printing import json_option
from allotment.journal import witnessing
from allotment.kernel import clock


@click.command("witness")
@click.argument("state", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--key", "keys", multiple=True, help="A public key of the journal, for the first time.")
@click.option(
    "--news",
    type=click.File("r"),
    default="-",
    help="What `journal checkpoint --since` printed; else standard input.",
)
@click.option("--stale", "hours", default=24, help="Warn if the checkpoint is older than so many hours (24).")
@json_option
def witness(*, state: Path, keys: tuple[str, ...], news: IO[str], hours: int, as_json: bool) -> None:
    """Remember another installation's checkpoint in STATE, on a machine of your own.

    Refuses a fork, a shorter journal and older news: then keep STATE as evidence. Ask next time for what happened
    since the number of entries that this prints.

    \b
    journal$ allotment journal checkpoint --since 1200 > news.json
    witness$ allotment journal witness seen.json --news news.json
    """
    told = witnessing.read_news(news.read())
    seen = witnessing.read_state(state)
    if seen is None and not keys:
        raise click.UsageError(
            "The first time, give the journal's public key with --key (`allotment journal keys`)."
        )
    after = witnessing.begin(told, keys) if seen is None else witnessing.accept(seen, told)
    witnessing.write_state(state, after)
    opened = after.opened()
    size, origin, age = opened.checkpoint.size, opened.checkpoint.origin, clock.now() - opened.at
    is_stale = age > timedelta(hours=hours)
    if as_json:
        print_json(
            {
                "entries": size,
                "origin": origin,
                "signed_at": opened.at,
                "new": after != seen,
                "stale": is_stale,
            }
        )
        return
    click.echo(f"Seen: {size} entries of {origin}, signed {opened.at:%Y-%m-%d %H:%M:%S} UTC.")
    if after == seen:
        click.echo("That is what was seen before: nothing was signed since.")
    if is_stale:
        click.secho(
            f"That was {age // timedelta(hours=1)} hours ago. Either nothing was recorded since, or you are shown an "
            "old state: look at the journal yourself.",
            fg="yellow",
            err=True,
        )
