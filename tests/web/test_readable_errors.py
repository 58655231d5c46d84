"""Each error says what happened and what to do next, as a page, beside the form, or as problem+json."""

import errno
import json
import sqlite3
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from allotment.kernel.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    ProviderError,
    TooLarge,
    Unavailable,
)
from allotment.web import pages
from allotment.web.middleware import (
    CONTENT_SECURITY_POLICY,
    ContentSecurityPolicy,
    LimitedBody,
    ReadableErrors,
)


def answer(error: Exception, **headers: str) -> HttpResponse | None:
    """Return what the middleware answers when a view raises `error`."""
    return ReadableErrors(lambda _request: HttpResponse()).process_exception(asking(**headers), error)


def asking(**headers: str) -> HttpRequest:
    """Return a request by somebody who is not signed in."""
    request = RequestFactory().get(
        "/somewhere/", headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    request.user = AnonymousUser()
    return request


def test_an_error_becomes_a_page_with_message_and_hint() -> None:
    response = answer(Invalid("The slot “tone” is empty.", hint="Give it a value."))
    assert response is not None
    assert response.status_code == 422
    text = response.content.decode()
    assert "The slot “tone” is empty." in text
    assert "Give it a value." in text
    assert "<h1>Something needs another look</h1>" in text


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (NotAllowed("Only stewards approve."), 403, "Only stewards approve."),
        (NotFound("No app “x”."), 404, "No app “x”."),
        (Conflict("Jonas saved first."), 409, "Jonas saved first."),
        (TooLarge("At most 4,000 characters."), 413, "At most 4,000 characters."),
        (ProviderError("The model did not answer."), 502, "The model did not answer."),
        (Unavailable("The practice model is missing."), 503, "The practice model is missing."),
        (RequestDataTooBig(), 413, "larger than 8.0"),
        (OperationalError("database is locked"), 503, "nothing was saved"),
        (sqlite3.OperationalError("database or disk is full"), 503, "disk of this installation is full"),
        (OSError(errno.ENOSPC, "No space left on device"), 503, "disk of this installation is full"),
        (PermissionDenied(), 403, "roles do not include"),
        (Http404(), 404, "does not exist"),
    ],
)
def test_every_known_error_has_its_words(error: Exception, status: int, words: str) -> None:
    response = answer(error)
    assert response is not None
    assert response.status_code == status
    assert words in response.content.decode()


def test_a_defect_is_left_to_the_last_handler_and_tells_nothing() -> None:
    assert answer(KeyError("secret")) is None
    assert answer(OperationalError("no such table: people")) is None
    response = pages.failed(asking())
    assert response.status_code == 500
    assert "secret" not in response.content.decode()


def test_an_error_outside_a_view_keeps_its_own_words() -> None:
    def refuse() -> None:
        raise NotAllowed("Only officers see this.")

    try:
        refuse()
    except NotAllowed:
        response = pages.failed(asking())
    assert response.status_code == 403
    assert "Only officers see this." in response.content.decode()


def test_a_program_gets_problem_json() -> None:
    response = answer(Invalid("Empty.", hint="Fill it."), accept="application/json")
    assert response is not None
    assert response["Content-Type"] == "application/problem+json"
    problem = json.loads(response.content)
    assert (problem["status"], problem["detail"], problem["hint"]) == (422, "Empty.", "Fill it.")


def test_htmx_shows_it_beside_the_form_which_stays() -> None:
    response = answer(Conflict("Jonas saved first.", hint="Compare, then save again."), hx_request="true")
    assert response is not None
    assert response["HX-Retarget"] == "#notices"
    assert "<html" not in response.content.decode()
    assert "Compare, then save again." in response.content.decode()


def test_what_is_temporary_says_when_to_come_back() -> None:
    response = answer(OperationalError("database is locked"))
    assert response is not None
    assert response["Retry-After"] == "10"


def test_words_of_an_error_are_escaped() -> None:
    for headers in ({}, {"hx_request": "true"}):
        response = answer(Invalid("<script>x</script>", hint="<u>"), **headers)
        assert response is not None
        assert b"<script>x" not in response.content
        assert b"<u>" not in response.content


def test_an_old_form_and_a_refused_request_are_explained() -> None:
    assert "open too long" in pages.csrf_failed(asking(), "CSRF token missing").content.decode()
    assert pages.refused(asking(), RequestDataTooBig()).status_code == 413
    assert pages.refused(asking(), ValueError("x")).status_code == 400


def test_every_response_carries_the_security_headers() -> None:
    response = ContentSecurityPolicy(lambda _request: HttpResponse())(asking())
    assert response["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.django_db
def test_an_unknown_address_is_answered_in_our_look(client: Client) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


@pytest.mark.parametrize(
    ("is_known", "megabytes", "status"), [(False, 9, 413), (True, 9, 200), (True, 401, 413)]
)
def test_what_is_too_large_is_refused_before_it_is_read(is_known: bool, megabytes: int, status: int) -> None:
    def read(request: HttpRequest) -> HttpResponse:
        return HttpResponse("read")

    request = RequestFactory().post("/sign-in/", b"", content_type="application/octet-stream")
    request.META["CONTENT_LENGTH"] = str(megabytes * 1024**2)
    request.user = SimpleNamespace(is_authenticated=is_known, is_anonymous=not is_known)
    response = LimitedBody(read)(request)
    assert response.status_code == status
    if status == 413:
        assert "That is too much at once" in response.content.decode()
