"""`allotment templates`: the library of prompt templates, in and out."""

from pathlib import Path

import click

from allotment.cli.acting import acting, as_option
from allotment.cli.printing import as_json as print_json
from allotment.cli.printing import json_option, table
from allotment.composition.preparing import prepare
from allotment.engine.actions import Action
from allotment.policies.deciding import require
from allotment.prompts.exporting import WRITERS, export
from allotment.prompts.importing import land, read_file
from allotment.prompts.queries import approved_templates, version_for_page


@click.group()
def templates() -> None:
    """List, import and export prompt templates."""
    prepare()


@templates.command("list")
@as_option
@json_option
def list_templates(email: str | None, *, as_json: bool) -> None:
    """List the approved templates."""
    require(acting(email), Action.SEE_TEMPLATE)
    found = approved_templates()
    if as_json:
        print_json(found)
        return
    rows = [(one.reference, one.title, one.category) for one in found]
    table(("Template", "Title", "For"), rows, empty="No template is approved yet.")


@templates.command("export")
@click.argument("name")
@click.option("--version", "number", type=int, help="Which version (default: the newest).")
@click.option("--format", "tool", type=click.Choice(sorted(WRITERS)), default="prompty")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to this file instead.")
@as_option
@json_option
def export_template(
    name: str, number: int | None, tool: str, output: Path | None, email: str | None, *, as_json: bool
) -> None:
    """Print a template for another tool."""
    require(acting(email), Action.SEE_TEMPLATE)
    made = export(version_for_page(name, number), tool)
    if output is not None:
        output.write_bytes(made.content)
    if as_json:
        print_json({"name": name, "format": tool, "filename": made.filename, "file": str(output or "")})
    elif output is None:
        click.echo(made.content, nl=False)
    else:
        click.echo(f"Wrote {output}.")


@templates.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_option
@json_option
def import_template(file: Path, email: str | None, *, as_json: bool) -> None:
    """Read FILE (Prompty, LangChain or Promptflow); it lands as a draft that nothing uses."""
    actor = acting(email)
    require(actor, Action.WRITE_TEMPLATE)
    imported = read_file(file.name, file.read_bytes())
    version = land(imported, actor.person, filename=file.name)
    if as_json:
        print_json({"template": version.family.name, "version": version.number, "dropped": imported.left_out})
        return
    click.echo(f"Imported “{version.family.title}” as a draft, version {version.number}.")
    for sentence in imported.left_out:
        click.echo(f"  Left out: {sentence}")
