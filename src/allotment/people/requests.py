"""The request of a view behind the gatekeeper: an HTTP request whose actor is known."""

from collections.abc import Callable

from django.http import HttpRequest

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, Decision, Resource


class GovernedRequest(HttpRequest):
    """A request of somebody signed in; `policies.authority.Gatekeeper` sets the actor before the view."""

    actor: Actor
    may: Callable[[Action], bool]
    """Whether the pages of an action are open to this person; for showing or hiding a button."""
    require: Callable[[Action, Resource], Decision]
    """Decides about one object; raises `NotAllowed`. For features the policies stand above."""
