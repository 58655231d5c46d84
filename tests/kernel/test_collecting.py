"""Unused cycles are looked for seldom within the block, and as before after it, however it ends."""

import gc

import pytest

from allotment.kernel.collecting import collecting_seldom


def test_it_is_as_before_after_the_block() -> None:
    before = gc.get_threshold()
    with collecting_seldom():
        assert gc.isenabled()
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_threshold() == before


def test_it_is_as_before_after_an_error() -> None:
    before = gc.get_threshold()

    @collecting_seldom()
    def broken() -> None:
        raise RuntimeError("broken")

    for _ in range(2):
        with pytest.raises(RuntimeError, match="broken"):
            broken()
        assert gc.get_threshold() == before
