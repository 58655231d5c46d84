"""What went wrong outside, in words: transport faults and HTTP statuses become `ProviderError`.

Invariant: the message never repeats what was sent; what the other side said is shortened and cleared of the
credentials that were sent to it. What was refused, or never sent, says that it took nothing.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import aiohttp  # noqa: TID251 - the outbound client
import msgspec

from allotment.kernel.errors import NOTHING, ProviderError
from allotment.kernel.outbound.addresses import Reach, refused
from allotment.kernel.outbound.resolving import OutOfReach

T = TypeVar("T")

_MAX_DETAIL = 300
_SHORTEST_SECRET = 6
_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND, _BUSY = 401, 403, 404, 429
_REDIRECTS = range(300, 400)
_SERVER_FAULTS = range(500, 600)


class Rejected(ProviderError):
    """The provider answered with an HTTP error. `detail` is its own explanation, shortened."""

    def __init__(
        self,
        message: str,
        *,
        answered: int,
        detail: str = "",
        hint: str = "",
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(
            message,
            hint=hint,
            retryable=answered == _BUSY or answered in _SERVER_FAULTS,
            rejected_credential=answered == _UNAUTHORISED,
            retry_after_seconds=retry_after_seconds,
        )
        self.answered = answered
        self.detail = detail
        self.took = NOTHING


class Unreadable(ProviderError):
    """The provider answered with something that is not what its API promises."""


class Hung(ProviderError):
    """The provider took too long."""

    def __init__(self, host: str, what: str, seconds: float) -> None:
        super().__init__(
            f"{host} {what} for {seconds:g} seconds, so we stopped waiting.",
            hint="Try again in a moment; if it keeps happening, the provider is overloaded or down.",
            retryable=True,
        )


def decoded(payload: bytes | str, kind: type[T], host: str) -> T:
    """Return `payload` as `kind` (a msgspec type), or raise `Unreadable` in the name of `host`."""
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise unreadable(host) from error


def unreadable(host: str) -> Unreadable:
    """Return the error for an answer that is not in the promised format."""
    return Unreadable(
        f"{host} answered with something that is not a model's answer.",
        hint="Check that the address is the one of the API, not of a web page or a proxy.",
    )


def from_status(host: str, answered: int, headers: Mapping[str, str], detail: str) -> Rejected:
    """Return the error for an HTTP status other than success."""
    said = f"It said: “{detail}”" if detail else ""
    if answered == _UNAUTHORISED:
        return Rejected(
            f"{host} refused the key.",
            answered=answered,
            detail=detail,
            hint="Check that the key is complete and still valid.",
        )
    if answered == _FORBIDDEN:  # the key is known, so whatever else it may ask stays in reach
        return Rejected(
            f"{host} does not let this key do that (HTTP 403).",
            answered=answered,
            detail=detail,
            hint=said or "Check at the provider that the key may use this model, and from this network.",
        )
    if answered == _BUSY:
        return _busy(host, headers, detail)
    if answered in _SERVER_FAULTS:
        return Rejected(
            f"{host} has a problem of its own (HTTP {answered}).",
            answered=answered,
            detail=detail,
            hint="Try again in a moment.",
            retry_after_seconds=_wanted_pause(headers),
        )
    if answered in _REDIRECTS:
        return Rejected(
            f"{host} points to another address, and we do not follow it.",
            answered=answered,
            hint="Write the final address of the API into the connection.",
        )
    if answered == _NOT_FOUND:
        return Rejected(
            f"{host} does not know this model or this address (HTTP 404).",
            answered=answered,
            detail=detail,
            hint=said or "Check the address and the model's name.",
        )
    return Rejected(
        f"{host} did not accept the request (HTTP {answered}).", answered=answered, detail=detail, hint=said
    )


def _busy(host: str, headers: Mapping[str, str], detail: str) -> Rejected:
    seconds = _wanted_pause(headers)
    wait = "in a moment" if seconds is None else f"in {seconds} seconds"
    return Rejected(
        f"{host} is limiting how much we may ask (HTTP 429).",
        answered=_BUSY,
        detail=detail,
        hint=f"Try again {wait}; if it keeps happening, raise the limit at the provider.",
        retry_after_seconds=seconds,
    )


def _wanted_pause(headers: Mapping[str, str]) -> int | None:
    """Return the seconds of `Retry-After` (RFC 9110 §10.2.3); its form with a date is not used by providers."""
    asked = headers.get("Retry-After", "")
    return int(asked) if asked.isascii() and asked.isdigit() else None


def from_transport(host: str, error: aiohttp.ClientError | TimeoutError, reach: Reach) -> ProviderError:
    """Return the error for a connection that failed or broke."""
    unsent = _before_sending(host, error, reach)
    if unsent is not None:
        return unsent.having_taken(NOTHING)
    return ProviderError(
        f"{host} broke off before the answer was complete.", hint="Try again in a moment.", retryable=True
    )


def _before_sending(
    host: str, error: aiohttp.ClientError | TimeoutError, reach: Reach
) -> ProviderError | None:
    """Return the error for a connection that was never made."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, OutOfReach):
        return refused(host, reach)
    if isinstance(error, aiohttp.InvalidURL):
        return refused(host, reach)
    if isinstance(error, aiohttp.ClientSSLError):
        return ProviderError(
            f"The certificate of {host} could not be trusted.",
            hint="Check the address; a certificate of your own authority must be installed on this machine.",
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return ProviderError(
            f"{host} could not be found.",
            hint="Check the address and this machine's network.",
            retryable=True,
        )
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return ProviderError(
            f"{host} could not be reached.",
            hint="Check that it is running and that this machine may connect to it.",
            retryable=True,
        )
    return None


def explained(body: bytes, sent: Mapping[str, str]) -> str:
    """Return what an error body says, shortened, without the header values that were `sent`."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError):
        return ""
    text = " ".join(_sentence(said).split())
    for value in sent.values():
        secret = value.rpartition(" ")[2]
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "…")
    return text[:_MAX_DETAIL]


def _sentence(said: Any) -> str:
    """Return the message, whether it is in `error.message`, `error`, `message` or `detail`."""
    while isinstance(said, dict):
        said = said.get("error") or said.get("message") or said.get("detail")
    return said if isinstance(said, str) else ""
