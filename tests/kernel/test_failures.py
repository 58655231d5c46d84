"""What went wrong outside, as errors: how long the other side asked us to wait."""

import pytest

from allotment.kernel.outbound import from_status


@pytest.mark.parametrize("answered", [429, 500, 503])
@pytest.mark.parametrize(("said", "seconds"), [("7", 7), ("0", 0), ("", None), ("-1", None), ("soon", None)])
def test_wanted_pause_is_handed_on(answered: int, said: str, seconds: int | None) -> None:
    error = from_status("api.example.com", answered, {"Retry-After": said} if said else {}, "")
    assert error.retryable
    assert error.retry_after_seconds == seconds
