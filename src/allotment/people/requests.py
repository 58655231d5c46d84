"""The request of a view behind the gatekeeper: an HTTP request whose actor is known."""

from django.http import HttpRequest

from allotment.engine.principals import Actor


class GovernedRequest(HttpRequest):
    """A request of somebody signed in; `policies.authority.Gatekeeper` sets the actor before the view."""

    actor: Actor
