"""What stands around every page: the security headers, and the one handler that makes errors readable.

Invariant: every response carries a Content-Security-Policy that allows no inline script or style.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from allotment.web.explaining import problem_of, respond, too_large

Handler = Callable[[HttpRequest], HttpResponse]

_SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{kind} {sources}" for kind, sources in _SOURCES.items())
_UNUSED_DEVICES = ("camera", "microphone", "geolocation", "payment", "usb", "serial", "midi")
PERMISSIONS_POLICY = ", ".join(f"{device}=()" for device in _UNUSED_DEVICES)

_FILES_IN_A_FORM = 2
"""Of the largest kind."""


class ContentSecurityPolicy:
    """Adds the headers that keep a page to its own origin."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class LimitedBody:
    """Refuses what is too large to be sent, before any of it is read and lies on the disk.

    Somebody signed in may send a file; anybody else no more than words take. Without a length, Django reads no body.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said = request.META.get("CONTENT_LENGTH") or "0"
        length = int(said) if said.isdecimal() else 0
        words = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        if length > words:
            most = _FILES_IN_A_FORM * settings.MOST_UPLOADED_BYTES if request.user.is_authenticated else words
            if length > most:
                return respond(request, too_large(most))
        return self.get_response(request)


class ReadableErrors:
    """Answers an error a view raised with what happened, to what, and what to do next."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the readable response; None leaves a defect to the handler of unexpected errors."""
        problem = problem_of(exception)
        return None if problem is None else respond(request, problem)
