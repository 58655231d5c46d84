"""`allotment schema`: the published language of apps."""

import json

import click

from allotment.engine.spec.schema import json_schema


@click.command()
@click.option("--json", "_as_json", is_flag=True, help="Answer in JSON (it always does).")
def schema(*, _as_json: bool) -> None:
    """Print the JSON Schema of an app (draft 2020-12)."""
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
