"""Who acts on the command line: whoever can read this installation's files names one of its people."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from allotment.engine.principals import Actor, Role
from allotment.kernel.errors import NotFound
from allotment.people.queries import actor_of, matching_people, person_by_email

F = TypeVar("F", bound=Callable[..., Any])


def as_option(function: F) -> F:
    """Add `--as E-MAIL` to a command."""
    return click.option(
        "--as", "email", metavar="E-MAIL", help="Act as this person (default: the first administrator)."
    )(function)


def acting(email: str | None) -> Actor:
    """Return the person who acts; raises `NotFound` in an installation without people."""
    if email:
        return actor_of(person_by_email(email).id)
    administrators = matching_people(role=Role.ADMINISTRATOR)
    if not administrators:
        raise NotFound(
            "Nobody has an account here yet.",
            hint="Start the server with `allotment up` and open the set-up link it prints, or run `allotment demo`.",
        )
    return actor_of(administrators[0])
