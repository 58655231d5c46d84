"""The clocks."""

from allotment.kernel import clock


def test_time_since_boot_never_goes_back() -> None:
    moments = [clock.since_boot() for _ in range(1000)]
    assert moments == sorted(moments)


def test_time_since_boot_goes_on_while_the_machine_sleeps_so_it_is_never_behind() -> None:
    assert clock.since_boot() >= clock.monotonic() - 0.01
