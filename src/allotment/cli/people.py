"""`allotment people`: who has an account, inviting more, and erasing those who ask for it."""

import click

from allotment.cli.printing import as_json as print_json
from allotment.cli.printing import json_option, table
from allotment.composition.preparing import prepare
from allotment.engine.principals import Role
from allotment.keys.wiping import KEYS, wipe
from allotment.people import queries
from allotment.people.erasing import erase
from allotment.people.inviting import Invitation, hand_new_link, invite


@click.group()
def people() -> None:
    """List, invite and erase people."""
    prepare()


@people.command("list")
@click.option("--search", default="", help="Only people with these words in name or e-mail address.")
@json_option
def list_people(search: str, *, as_json: bool) -> None:
    """List people with their roles and spaces."""
    found = queries.people(queries.matching_people(search=search))
    if as_json:
        print_json(found)
        return
    table(
        ("Name", "E-mail", "Roles", "Spaces"),
        [
            (one.name, one.email, ", ".join(one.role_names), ", ".join(space.name for space in one.spaces))
            for one in found
        ],
        empty="Nobody matches.",
    )


@people.command("invite")
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option(
    "--role", "roles", multiple=True, type=click.Choice([role.value for role in Role]), default=["colleague"]
)
@json_option
def invite_person(email: str, name: str, roles: tuple[str, ...], *, as_json: bool) -> None:
    """Make an account for EMAIL and print its set-up link, once."""
    link = invite(None, Invitation(name=name, email=email, roles=frozenset(Role(role) for role in roles)))
    _print_link(link.url, as_json=as_json)


@people.command("link")
@click.argument("email")
@json_option
def new_link(email: str, *, as_json: bool) -> None:
    """Print a new set-up link for EMAIL, for example after a forgotten password."""
    link = hand_new_link(None, queries.person_by_email(email).id)
    _print_link(link.url, as_json=as_json)


@people.command("erase")
@click.argument("email")
@click.option("--reason", required=True, help="Why, without naming the person; it stays in the journal.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def erase_person(email: str, reason: str, *, yes: bool, as_json: bool) -> None:
    """Erase the person with EMAIL for good: name, address, all they typed into runs, were answered and had saved."""
    person = queries.person_by_email(email)
    if not yes:
        click.confirm(
            f"Erase {person.name} <{person.email}>? Nobody can bring back what they typed, not even from this"
            " database with its keys.",
            abort=True,
            err=True,
        )
    erase(None, person.id, reason)
    is_wiped = wipe(KEYS)
    if as_json:
        print_json({"person": person.id, "wiped": is_wiped})
        return
    click.echo("Erased. The journal keeps what was done, and every proof stays valid.")
    if not is_wiped:
        click.echo(
            "The database was busy: the destroyed key is still in its files. A running server wipes it as soon as"
            " nobody is in the way, and so does the next start; `allotment doctor` says when that is done."
        )
    click.echo("Backups made before today still hold the key: they end it when they end.")


def _print_link(url: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"link": url})
    else:
        click.echo(f"Hand over this link; it works once, for seven days:\n\n  {url}")
