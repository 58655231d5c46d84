"""Amounts, moments and names, as people say them."""

from datetime import UTC, datetime, timedelta

import pytest

from allotment.kernel import clock
from allotment.web.templatetags.web import ago, holds, icon, initials, money, pairs, plain_number

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("nano", "words"),
    [
        (0, "free"),
        (None, "free"),
        (700_000, "$0.0007"),
        (12_345_678, "$0.012"),
        (20_000_000, "$0.02"),
        (996_000_000, "$1.00"),
        (500_000_000, "$0.50"),
        (12_400_000_000, "$12.40"),
        (1_234_500_000_000, "$1,234.50"),
        (1, "less than $0.000001"),
    ],
)
def test_money_says_what_an_answer_cost(nano: int | None, words: str) -> None:
    assert money(nano) == words


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(seconds=70), "1 minute ago"),
        (timedelta(minutes=8), "8 minutes ago"),
        (timedelta(minutes=59, seconds=50), "59 minutes ago"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=30), "Jan. 31, 2026"),
    ],
)
def test_a_moment_is_told_by_its_distance(passed: timedelta, words: str) -> None:
    with clock.frozen(NOW):
        assert ago(NOW - passed) == words


def test_what_never_happened_says_so() -> None:
    assert ago(None) == "never"
    assert plain_number(None) == "–"


def test_numbers_are_grouped() -> None:
    assert plain_number(18204) == "18,204"


def test_initials_come_from_the_first_and_last_word() -> None:
    assert [initials(name) for name in ("Mira", "Rosa de la Cruz", "")] == ["M", "RC", "?"]


def test_options_may_be_plain_or_pairs() -> None:
    assert pairs(["a", ("b", "Bee")]) == [("a", "a"), ("b", "Bee")]
    assert holds(["1", 2], 2)
    assert not holds(None, "None")


def test_an_icon_is_hidden_from_screen_readers() -> None:
    assert 'aria-hidden="true"' in icon("check")
