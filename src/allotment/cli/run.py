"""`allotment run`: one run of an app in this process, through the same gate as the pages."""

import sys
import time
from pathlib import Path

import click

from allotment.cli.acting import acting, as_option
from allotment.cli.printing import as_json as print_json
from allotment.cli.printing import json_option
from allotment.composition.installation import opened
from allotment.composition.preparing import prepare
from allotment.engine.principals import Actor
from allotment.kernel.errors import Invalid
from allotment.microapps.queries import app_for
from allotment.runs import starting
from allotment.runs.queries import run_for
from allotment.runs.values import RunDetail
from allotment.web.templatetags.web import money

_LOOK_AGAIN_SECONDS = 0.05


@click.command()
@click.argument("app")
@click.option(
    "--input",
    "-i",
    "inputs",
    multiple=True,
    metavar="NAME=VALUE",
    help="A form field; NAME=@FILE for a document.",
)
@click.option("--draft", is_flag=True, help="Run your working copy instead of the published version.")
@as_option
@json_option
def run(app: str, inputs: tuple[str, ...], email: str | None, *, draft: bool, as_json: bool) -> None:
    """Run APP and print its result. Works without the server."""
    prepare()
    actor = acting(email)
    values, uploads = _inputs(inputs)
    with opened():
        started = starting.start(app_for(actor, app).id, actor, values, trial=draft, uploads=uploads)
        done = wait_for(actor, started)
    if as_json:
        print_json({"run": done, "result": [{"title": part.title, "text": part.text} for part in done.parts]})
    else:
        print_run(done)
    if done.state not in ("done", "stopped"):
        sys.exit(1)


def _inputs(inputs: tuple[str, ...]) -> tuple[dict[str, str], dict[str, starting.Upload]]:
    values: dict[str, str] = {}
    uploads: dict[str, starting.Upload] = {}
    for given in inputs:
        name, equals, value = given.partition("=")
        if not equals:
            raise Invalid(f"“{given}” has no equals sign.", hint="Write --input name=value.")
        if value.startswith("@"):
            path = Path(value[1:])
            if not path.is_file():
                raise Invalid(f"There is no file {path}.", hint="Give the path of a file after the @.")
            uploads[name] = starting.Upload(path.name, path.read_bytes())
        else:
            values[name] = value
    return values, uploads


def wait_for(actor: Actor, run_id: object) -> RunDetail:
    """Return the run once it is over."""
    while not (found := run_for(actor, run_id)).is_over:  # type: ignore[arg-type]
        time.sleep(_LOOK_AGAIN_SECONDS)
    return found


def print_run(done: RunDetail) -> None:
    """Print result, checks and cost as a person reads them."""
    for part in done.parts:
        click.secho(part.title or part.show.capitalize(), bold=True)
        click.echo(part.text + "\n")
    if done.message:
        click.secho(done.message, fg="yellow")
        click.echo(done.remedy)
    models = " · ".join(dict.fromkeys(step.model for step in done.steps if step.model)) or "no model"
    click.echo(
        f"{models} · {done.tokens_in} tokens in, {done.tokens_out} out · {money(done.cost_nanodollars)}"
        f" · {done.seconds or 0:.1f} s"
    )
    click.echo(f"Checks: {done.masked} masked on the way out · {done.withheld} found in the answer")
