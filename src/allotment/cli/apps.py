"""`allotment apps`: apps as YAML, in and out."""

from pathlib import Path

import click

from allotment.cli.acting import acting, as_option
from allotment.cli.printing import as_json as print_json
from allotment.cli.printing import json_option, table
from allotment.composition.preparing import prepare
from allotment.kernel.errors import Invalid
from allotment.microapps import exchanging
from allotment.microapps.queries import visible_apps
from allotment.microapps.values import AppFilter


@click.group()
def apps() -> None:
    """List, pull, push and validate apps."""
    prepare()


@apps.command("list")
@click.option("--search", default="", help="Only apps with these words.")
@as_option
@json_option
def list_apps(search: str, email: str | None, *, as_json: bool) -> None:
    """List the apps somebody may see."""
    found = visible_apps(acting(email), AppFilter(search=search, count=500)).apps
    if as_json:
        print_json(found)
        return
    table(
        ("App", "Title", "State", "Version", "Owner"),
        [
            (app.slug, app.title, app.state.value, str(app.published_number or "–"), app.owner.name)
            for app in found
        ],
        empty="No apps yet. Describe one on the start page, or push a YAML file.",
    )


@apps.command()
@click.argument("app")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to this file instead.")
@as_option
@json_option
def pull(app: str, output: Path | None, email: str | None, *, as_json: bool) -> None:
    """Print the working copy of APP as YAML."""
    text = exchanging.pull(acting(email), app)
    if output is not None:
        output.write_text(text, encoding="utf-8")
    if as_json:
        print_json({"app": app, "yaml": text, "file": str(output or "")})
    elif output is None:
        click.echo(text, nl=False)
    else:
        click.echo(f"Wrote {output}.")


@apps.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_option
@json_option
def push(file: Path, email: str | None, *, as_json: bool) -> None:
    """Make or update a draft from the YAML in FILE. It is never published by this."""
    pushed = exchanging.push(acting(email), _text(file))
    if as_json:
        print_json({"app": pushed.app.slug, "created": pushed.was_created, "problems": pushed.problems})
        return
    click.echo(
        f"{'Made' if pushed.was_created else 'Updated'} the draft of “{pushed.app.title}” ({pushed.app.slug})."
    )
    for problem in pushed.problems:
        click.echo(f"  {problem}")


@apps.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def validate(context: click.Context, file: Path, *, as_json: bool) -> None:
    """Check the YAML in FILE; exits with 2 when something is wrong."""
    problems = exchanging.validate(_text(file))
    if as_json:
        print_json({"valid": not problems, "problems": problems})
    elif problems:
        click.echo(f"{file}: {len(problems)} to mend")
        for problem in problems:
            click.echo(f"  {problem}")
    else:
        click.echo(f"{file} is fine.")
    context.exit(2 if problems else 0)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(f"{file} is not a UTF-8 text file.", hint="Save it as UTF-8.") from error
