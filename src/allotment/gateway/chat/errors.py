"""Refusals, failures and errors in OpenAI's shape, each with the status its clients understand.

Invariant: the message says what happened and what to do next; nothing a caller sent is repeated in it but names.
"""

from math import ceil

import msgspec

from allotment.engine.gate.values import Failed, Refused, Stage
from allotment.gateway.chat.shapes import ErrorBody, Problem
from allotment.kernel import clock
from allotment.kernel.errors import AllotmentError, Invalid, ProviderError

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    405: "invalid_request_error",
    408: "invalid_request_error",
    413: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
}
_STAGES = {
    Stage.IDENTIFY: (401, "invalid_api_key"),
    Stage.AUTHORISE: (403, "not_allowed"),
    Stage.LIMIT: (429, "rate_limit_exceeded"),
    Stage.SCREEN_IN: (422, "content_policy"),
    Stage.PERFORM: (503, "unavailable"),
    Stage.SCREEN_OUT: (422, "content_filter"),
    Stage.METER: (503, "unavailable"),
    Stage.RECORD: (503, "not_recorded"),
}
_NOT_AGAIN = ((b"x-should-retry", b"false"),)
"""OpenAI's clients repeat every 5xx and 429 unless they are told not to."""

_UNAUTHENTICATED = 401
_UNAVAILABLE = 503
_SHORT_WAIT_SECONDS = 60
"""The longest a client waits by itself."""

Headers = tuple[tuple[bytes, bytes], ...]


class Answer(msgspec.Struct, frozen=True):
    """A whole answer to send: status, body, and headers beside the usual ones."""

    status: int
    body: bytes
    headers: Headers = ()


_encode = msgspec.json.Encoder().encode


def problem(status: int, code: str, message: str, *, param: str | None = None) -> ErrorBody:
    """Return the body of an error."""
    return ErrorBody(Problem(message, _TYPES.get(status, "api_error"), code, param))


def of_refusal(refused: Refused) -> tuple[int, ErrorBody]:
    """Return status and body for a stage that said no."""
    status, code = _STAGES[refused.stage]
    if refused.flagged and refused.stage is Stage.IDENTIFY:  # the gate distrusts itself, not the caller
        status, code = _UNAVAILABLE, "unavailable"
    return status, problem(status, code, _words(refused.reason, refused.remedy))


def of_failure(failed: Failed) -> tuple[int, ErrorBody]:
    """Return status and body for a provider that failed: 503 when trying again can help, else 502."""
    status = 503 if failed.retryable else 502
    return status, problem(status, "provider_error", _words(failed.reason, failed.remedy))


def of_error(error: AllotmentError) -> tuple[int, ErrorBody]:
    """Return status and body for anything else that has words."""
    param = error.where or None if isinstance(error, Invalid) else None
    code = error.code.replace("-", "_")
    return error.status, problem(error.status, code, _words(error.message, error.hint), param=param)


def refused(outcome: Refused | Failed) -> Answer:
    """Return the answer for an outcome of the gate that is none."""
    status, body = of_refusal(outcome) if isinstance(outcome, Refused) else of_failure(outcome)
    headers = _of_entry(outcome.entry)
    if status == _UNAUTHENTICATED:
        headers = (*headers, (b"www-authenticate", b"Bearer"))
    return Answer(status, _encode(body), (*headers, *_again(outcome)))


def raised(error: AllotmentError, entry: int | None = None) -> Answer:
    """Return the answer for an error with words, and with the ticket of its journal entry if it has one."""
    status, body = of_error(error)
    may_repeat = error.retryable if isinstance(error, ProviderError) else status == _UNAVAILABLE
    return Answer(status, _encode(body), (*_of_entry(entry), *(() if may_repeat else _NOT_AGAIN)))


def plain(status: int, code: str, message: str, headers: Headers = ()) -> Answer:
    """Return the answer for a request that never became a question."""
    return Answer(status, _encode(problem(status, code, message)), headers)


NO_DATABASE_PROBLEM = problem(
    _UNAVAILABLE,
    "unavailable",
    "The database did not answer, so nothing more is released. Try again in a moment, or tell an administrator.",
)
NO_DATABASE = Answer(_UNAVAILABLE, _encode(NO_DATABASE_PROBLEM))


def _of_entry(entry: int | None) -> Headers:
    return () if entry is None else ((b"allotment-entry", b"%d" % entry),)


def _again(outcome: Refused | Failed) -> Headers:
    """Return when asking again makes sense; a client that would wait long is told not to."""
    if isinstance(outcome, Failed):
        seconds = outcome.retry_after_seconds
        if not outcome.retryable:
            return _NOT_AGAIN
    else:
        seconds = None if outcome.until is None else ceil((outcome.until - clock.now()).total_seconds())
    if seconds is None:
        return ()
    after = ((b"retry-after", b"%d" % max(1, seconds)),)
    return after if seconds <= _SHORT_WAIT_SECONDS else (*after, *_NOT_AGAIN)


def _words(reason: str, remedy: str) -> str:
    return f"{reason} {remedy}" if remedy else reason
