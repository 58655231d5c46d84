"""Check digits against numbers their publishers print, and against one wrong digit."""

from collections.abc import Callable

import pytest

from allotment.screening.check_digits import iso7064_mod_11_10, luhn, verhoeff

CHECKS = [(luhn, "4111111111111111"), (verhoeff, "234123412346"), (iso7064_mod_11_10, "86095742719")]


@pytest.mark.parametrize(("check", "number"), CHECKS)
def test_a_published_number_proves_itself(check: Callable[[str], bool], number: str) -> None:
    assert check(number)


@pytest.mark.parametrize(("check", "number"), CHECKS)
def test_every_single_wrong_digit_is_noticed(check: Callable[[str], bool], number: str) -> None:
    for place, right in enumerate(number):
        for wrong in set("0123456789") - {right}:
            assert not check(number[:place] + wrong + number[place + 1 :])
