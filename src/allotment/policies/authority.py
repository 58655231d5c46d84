"""The gatekeeper in front of every page: who is asking, and may they open this page at all?

Invariant: a view runs only when it names its authority and the policies let this person have it.
Questions about one object are asked again, by the view, with `deciding.require`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import ResolverMatch
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.kernel.errors import Misconfigured, NotAllowed
from allotment.people.queries import actor_of
from allotment.people.requests import GovernedRequest
from allotment.policies.deciding import decide, require
from allotment.web.declaring import ATTRIBUTE, declares
from allotment.web.explaining import problem_of, respond, unexpected

__all__ = ["Gatekeeper", "GovernedRequest", "actor_in", "authority", "may_open", "needed_for"]

authority = declares
"""Names the authority of a view: `@authority(Action.SEE_APP)`, the outermost decorator."""

_OF_ALLAUTH = {
    "account_login": Action.SIGN_IN,
    "account_logout": Action.SIGN_IN,
    "account_change_password": Action.OWN_ACCOUNT,
}
"""The views of allauth that are routed. They cannot carry our attribute, so this list is closed."""


def needed_for(match: ResolverMatch) -> Action | None:
    """Return the action a route needs; None when its view names none, so it may not run."""
    named = getattr(match.func, ATTRIBUTE, None) or _OF_ALLAUTH.get(match.view_name)
    return named if isinstance(named, Action) else None


def actor_in(request: HttpRequest) -> Actor | None:
    """Return who makes this request, read once per request; None when nobody is signed in."""
    if "actor" not in request.__dict__:
        user = request.user
        request.__dict__["actor"] = actor_of(user) if user.is_authenticated else None
    actor: Actor | None = request.__dict__["actor"]
    return actor


def may_open(request: HttpRequest, action: Action) -> bool:
    """Whether the pages of `action` are open to whoever makes this request."""
    return decide(actor_in(request), action).allowed


class Gatekeeper:
    """Middleware that decides before the view runs, and leaves `actor`, `may` and `require` on the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        _args: tuple[Any, ...],
        _kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        """Return None to let the view run, else the answer in its place."""
        try:
            action = self._action_of(request, view)
            actor = actor_in(request)
            if actor is None and not decide(None, action).allowed:
                return _to_sign_in(request)
            require(actor, action)
            request.__dict__["may"] = partial(may_open, request)
            request.__dict__["require"] = partial(require, actor)
        except (Misconfigured, NotAllowed) as error:
            return respond(request, problem_of(error) or unexpected())
        return None

    @staticmethod
    def _action_of(request: HttpRequest, view: Callable[..., HttpResponseBase]) -> Action:
        match = request.resolver_match
        action = None if match is None else needed_for(match)
        if action is None:
            raise Misconfigured(
                _("The page %(view)s names no authority, so it is closed to everyone.")
                % {"view": f"{view.__module__}.{getattr(view, '__qualname__', view)}"},
                hint=_("Tell whoever runs this installation; the view needs an @authority."),
            )
        return action


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send somebody to the sign-in page, and back to where they wanted to go afterwards."""
    if request.headers.get("HX-Request") == "true":
        page = urlsplit(request.headers.get("HX-Current-URL", "/")).path
        return HttpResponseClientRedirect(redirect_to_login(page).url)
    return redirect_to_login(request.get_full_path())
