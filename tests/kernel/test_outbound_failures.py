"""Which answers of a provider are about the key, which about what was asked with it, and what they say it took."""

import aiohttp
import pytest

from allotment.engine.gate.breaker import BreakerRules, Breakers, Permit
from allotment.kernel.errors import NOTHING
from allotment.kernel.outbound import Reach
from allotment.kernel.outbound.failures import Hung, from_status, from_transport, unreadable


def after(status: int) -> Breakers:
    breakers = Breakers(BreakerRules(failures=1))
    permit = breakers.enter("c")
    assert isinstance(permit, Permit)
    permit.failed(from_status("api.example.org", status, {}, "No access to model large."))
    return breakers


def test_401_refuses_the_key_and_rests_the_connection() -> None:
    error = from_status("api.example.org", 401, {}, "")
    assert error.rejected_credential
    assert after(401).resting() == {"c"}


def test_403_may_be_about_one_model_and_leaves_the_others_in_reach() -> None:
    error = from_status("api.example.org", 403, {}, "No access to model large.")
    assert not error.rejected_credential
    assert not error.retryable
    assert "No access to model large." in error.hint
    assert after(403).resting() == frozenset()


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 429, 500, 503])
def test_what_a_provider_refuses_takes_nothing(status: int) -> None:
    assert from_status("api.example.org", status, {}, "").took == NOTHING


def test_connection_that_was_never_made_takes_nothing() -> None:
    error = aiohttp.ConnectionTimeoutError()
    assert from_transport("api.example.org", error, Reach.PUBLIC).took == NOTHING


def test_what_becomes_of_a_question_that_was_sent_is_not_known() -> None:
    error = aiohttp.ServerDisconnectedError()
    assert from_transport("api.example.org", error, Reach.PUBLIC).took is None
    assert Hung("api.example.org", "was silent", 9).took is None
    assert unreadable("api.example.org").took is None
