"""The error tree: its docstring is the tree, and every error has words for the person."""

import re

import pytest

from allotment.kernel import errors
from allotment.kernel.errors import (
    AllotmentError,
    Invalid,
    Misconfigured,
    NotAllowed,
    ProviderError,
    Unavailable,
)


def everything(kind: type[AllotmentError] = AllotmentError) -> set[type[AllotmentError]]:
    """Return the errors of the tree itself; features may add their own below them."""
    here = {kind} if kind.__module__ == errors.__name__ else set()
    return here.union(*(everything(below) for below in kind.__subclasses__()))


def test_the_docstring_is_the_tree() -> None:
    drawn = dict(re.findall(r"─ (\w+)\s+(\d{3})", errors.__doc__ or ""))
    assert drawn == {kind.__name__: str(kind.status) for kind in everything() - {AllotmentError}}


def test_codes_are_distinct_and_stable_words() -> None:
    codes = [kind.code for kind in everything()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z-]+", code) for code in codes)


def test_an_error_carries_message_hint_and_code() -> None:
    error = AllotmentError("It did not work.", hint="Try again.", code="special")
    assert (str(error), error.message, error.hint, error.code) == (
        "It did not work.",
        "It did not work.",
        "Try again.",
        "special",
    )
    assert AllotmentError.code == "error"


def test_errors_say_what_their_handlers_need() -> None:
    assert Invalid("x", where="steps.reply.with").where == "steps.reply.with"
    assert NotAllowed("x", policy="make-apps").policy == "make-apps"
    failed = ProviderError("x", retryable=True, rejected_credential=True)
    assert (failed.retryable, failed.rejected_credential) == (True, True)


@pytest.mark.parametrize(("kind", "above"), [(ProviderError, Unavailable), (Misconfigured, AllotmentError)])
def test_one_handler_catches_all_below_it(kind: type[AllotmentError], above: type[AllotmentError]) -> None:
    with pytest.raises(above):
        raise kind("x")
