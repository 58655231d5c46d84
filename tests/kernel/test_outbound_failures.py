"""Which answers of a provider are about the key, and which about what was asked with it."""

from allotment.engine.gate.breaker import BreakerRules, Breakers, Permit
from allotment.kernel.outbound.failures import from_status


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
