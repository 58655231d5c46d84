"""Turns what went wrong into words: from an exception to a problem, from a problem to a response.

Invariant: the one place that renders an error, as a page, as a fragment for htmx (beside the form, so that
nothing typed is lost) or as problem+json (RFC 9457). Refuses to show what an unexpected error says.
"""

from dataclasses import dataclass
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext

from allotment.kernel.errors import AllotmentError
from allotment.web.database_trouble import Trouble, trouble_of

RETRY_SECONDS = 10


@dataclass(frozen=True)
class Problem:
    """What a person needs to know: what happened, and what to do next."""

    status: int
    code: str
    message: str
    hint: str = ""

    @property
    def title(self) -> str:
        """Return the heading of the error page."""
        return _titles().get(self.status) or gettext("This did not work")

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may work in a moment."""
        return self.status == HTTPStatus.SERVICE_UNAVAILABLE


def _titles() -> dict[int, str]:
    return {
        403: gettext("You may not do this"),
        404: gettext("There is nothing here"),
        409: gettext("Somebody was faster"),
        410: gettext("Erased on request"),
        413: gettext("That is too much at once"),
        422: gettext("Something needs another look"),
        502: gettext("The model did not answer"),
        503: gettext("Not possible right now"),
    }


def problem_of(error: BaseException | None) -> Problem | None:
    """Return the words for an error this installation knows about; None for a defect."""
    if isinstance(error, AllotmentError):
        return Problem(error.status, error.code, error.message, error.hint)
    if isinstance(error, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)):
        return too_large()
    if (trouble := trouble_of(error)) is not None:
        return _database_problem(trouble)
    if isinstance(error, PermissionDenied):
        return Problem(
            403, "not-allowed", gettext("Your roles do not include this."), _ask_an_administrator()
        )
    return not_found() if isinstance(error, Http404) else None


def too_large(most: int | None = None) -> Problem:
    """Return the problem of a form that holds more than `most` bytes, or else than words may take."""
    limit = filesizeformat(most or settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)
    return Problem(
        413,
        "too-large",
        gettext("What you sent is larger than %(limit)s, the most one form may hold.") % {"limit": limit},
        gettext("Go back, what you typed is still there. Shorten it, or split it into several runs."),
    )


def not_found() -> Problem:
    """Return the problem of an address that leads nowhere, or to something not for this person."""
    return Problem(
        404,
        "not-found",
        gettext("This page does not exist, or it is not shared with you."),
        gettext("Check the address, or ask the person who sent it to share it with you."),
    )


def unexpected() -> Problem:
    """Return the problem of a defect: no detail of the error itself reaches the person."""
    return Problem(
        500,
        "error",
        gettext("Allotment made a mistake and stopped before finishing."),
        gettext(
            "Go back and try again. If it happens twice, tell an administrator when and where it happened."
        ),
    )


def _ask_an_administrator() -> str:
    return gettext("Ask an administrator to give you the role you need.")


def _database_problem(trouble: Trouble) -> Problem:
    code, message, hint = _database_words()[trouble]
    return Problem(503, code, message, hint)


def _database_words() -> dict[Trouble, tuple[str, str, str]]:
    return {
        Trouble.BUSY: (
            "database-busy",
            gettext("The database is busy with something else, so nothing was saved."),
            gettext("Wait a few seconds, go back and send it again; what you typed is still there."),
        ),
        Trouble.READ_ONLY: (
            "database-read-only",
            gettext(
                "The database of this installation can only be read at the moment, so nothing was saved."
            ),
            gettext(
                "Tell an administrator that it must be writable again; go back and send it again afterwards."
                " Without it nothing can be recorded, so nothing is done either."
            ),
        ),
        Trouble.FULL: (
            "disk-full",
            gettext("The disk of this installation is full, so nothing was saved."),
            gettext("Tell an administrator to free some space; go back and send it again afterwards."),
        ),
        Trouble.AWAY: (
            "database-away",
            gettext("The database of this installation does not answer, so nothing was saved."),
            gettext(
                "Wait a minute, go back and send it again. If it stays away, tell an administrator: its server or"
                " its disk needs a look."
            ),
        ),
        Trouble.DAMAGED: (
            "database-damaged",
            gettext("The database of this installation is damaged, so nothing was saved."),
            gettext("Tell an administrator at once: the server must be stopped and a backup put back."),
        ),
    }


def respond(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Return the response for `problem` in the form this request can show."""
    if _prefers_json(request):
        response: HttpResponse = JsonResponse(
            {
                "type": f"urn:allotment:error:{problem.code}",
                "title": problem.title,
                "status": problem.status,
                "detail": problem.message,
                "hint": problem.hint,
            },
            status=problem.status,
            content_type="application/problem+json",
        )
    elif request.headers.get("HX-Request") == "true":
        response = render(request, "web/_problem.html", {"problem": problem}, status=problem.status)
        response["HX-Retarget"] = "#notices"
        response["HX-Reswap"] = "innerHTML show:#notices:top"
        response["HX-Push-Url"] = "false"
    else:
        response = render(request, "web/error.html", {"problem": problem}, status=problem.status)
    if problem.is_temporary:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _prefers_json(request: HttpRequest) -> bool:
    accepted = request.headers.get("Accept", "")
    return "json" in accepted and "text/html" not in accepted
