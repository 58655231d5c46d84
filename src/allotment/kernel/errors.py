"""The error tree. This docstring is the tree:

AllotmentError               something a person can read and act on; carries code, message, hint, status
├── Invalid                  422  what was given cannot be used; names what, where and the remedy
├── NotAllowed               403  the policy function said no; names the policy sentence
├── NotFound                 404  it is not there, or not for you
├── Conflict                 409  somebody or something changed it first
├── Erased                   410  it was about a person who asked to be erased; nobody can read it any more
├── TooLarge                 413  more than the limit; names the limit
├── Unavailable              503  a part of the installation is missing or down (model, disk, database)
│   └── ProviderError        502  a model provider failed; says whether a retry can help
└── Misconfigured            500  a setting is wrong; names the setting and the remedy

A refusal by policy inside the gate is a value (`engine.gate.Refused`), not one of these.
"""

from typing import NamedTuple, Self


class AllotmentError(Exception):
    """An error with words for the person it reaches.

    `code` is stable and documented; `message` says what happened to what; `hint` says what to do next.
    """

    code = "error"
    status = 500

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class Invalid(AllotmentError):
    """What was given cannot be used. `where` is a dotted path such as `steps.reply.with`."""

    code = "invalid"
    status = 422

    def __init__(self, message: str, *, hint: str = "", where: str = "", code: str | None = None) -> None:
        super().__init__(message, hint=hint, code=code)
        self.where = where


class NotAllowed(AllotmentError):
    """The policy function refused; `policy` is the id of the deciding policy, if one forbade it."""

    code = "not-allowed"
    status = 403

    def __init__(self, message: str, *, hint: str = "", policy: str = "") -> None:
        super().__init__(message, hint=hint)
        self.policy = policy


class NotFound(AllotmentError):
    """It does not exist, or this person may not know that it does."""

    code = "not-found"
    status = 404


class Conflict(AllotmentError):
    """The thing moved on since it was read."""

    code = "conflict"
    status = 409


class Erased(AllotmentError):
    """What was stored here was about somebody who has been erased. Their key is destroyed; nothing brings it back."""

    code = "erased"
    status = 410


class TooLarge(AllotmentError):
    """More than a stated limit."""

    code = "too-large"
    status = 413


class Unavailable(AllotmentError):
    """A part of the installation cannot serve now."""

    code = "unavailable"
    status = 503


class Took(NamedTuple):
    """The tokens a question took although it failed."""

    tokens_in: int
    tokens_out: int
    estimated: bool = False


NOTHING = Took(0, 0)
"""What a question takes that never reached a model: the provider refused it, or was not reached."""


class ProviderError(Unavailable):
    """A model provider failed. `retryable` says whether trying again can help.

    `rejected_credential` is true when the provider refused the key itself (HTTP 401; a 403 may be about one model);
    `retry_after_seconds` is how long it asked us to wait, if it did.
    """

    code = "provider-error"
    status = 502
    took: Took | None = None
    """None where nobody can know: the question was sent, and what became of it is not known."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        retryable: bool = False,
        rejected_credential: bool = False,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable
        self.rejected_credential = rejected_credential
        self.retry_after_seconds = retry_after_seconds

    def having_taken(self, took: Took) -> Self:
        """Return this error, which now says what the question took."""
        self.took = took
        return self


class Misconfigured(AllotmentError):
    """A setting is missing or wrong."""

    code = "misconfigured"
