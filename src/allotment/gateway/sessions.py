"""Who is behind a request at the asynchronous door: the same session cookie as the pages use."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from starlette.requests import Request

from allotment.engine.principals import Actor
from allotment.people.queries import actor_of


def signed_in_actor(request: Request) -> Actor | None:
    """Return the signed-in person, or None. Reads the database: call it in a worker thread."""
    key = request.cookies.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return None
    engine = import_module(settings.SESSION_ENGINE)
    page_request = HttpRequest()
    page_request.session = engine.SessionStore(key)
    person = get_user(page_request)
    return actor_of(person.pk) if person.is_authenticated else None
