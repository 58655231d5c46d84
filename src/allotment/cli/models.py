"""`allotment models`: which models are offered, and the practice model's weights."""

import click

from allotment.adapters.providers.practice import weights
from allotment.cli.acting import acting, as_option
from allotment.cli.printing import as_json as print_json
from allotment.cli.printing import json_option, table
from allotment.composition.preparing import prepare
from allotment.engine.actions import Action
from allotment.kernel.settings import settings
from allotment.llms.queries import offered_models
from allotment.policies.deciding import require


@click.group()
def models() -> None:
    """List models, fetch the practice model."""


@models.command("list")
@as_option
@json_option
def list_models(email: str | None, *, as_json: bool) -> None:
    """List the models apps may use."""
    prepare()
    require(acting(email), Action.SEE_MODEL)
    found = offered_models()
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one.title,
            one.provider_title,
            "this machine" if one.runs_here else one.host,
            one.state,
            one.ceiling.value,
        )
        for one in found
    ]
    table(("Model", "Provider", "Runs on", "State", "Data up to"), rows, empty="No model is connected.")


@models.command()
@json_option
def fetch(*, as_json: bool) -> None:
    """Fetch the practice model's weights (98 MB) and check their digest."""
    target = settings().practice_model_file
    if not weights.is_right(target):
        click.echo("Fetching the practice model (98 MB) …", err=True)
        weights.fetch(target)
    if as_json:
        print_json({"file": str(target)})
    else:
        click.echo(f"The practice model is in place: {target}", err=True)
