"""Prices are exact integers: published, our own, or nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.engine.asking import Usage
from allotment.kernel import clock
from allotment.llms.pricing import Tariff, cost_nanodollars, estimate, rates

OPENAI = Tariff("gpt-4o-mini", "api.openai.com", runs_here=False)
HOUSE = Tariff("llama3", "gpu.example.org", runs_here=False)
tokens = st.integers(0, 2_000_000)


@pytest.fixture(autouse=True)
def _on_a_day_with_known_prices():
    with clock.frozen(datetime(2026, 11, 1, tzinfo=UTC)):
        yield


def test_the_published_price_is_exact():
    assert cost_nanodollars(OPENAI, Usage(1000, 200)) == 270_000  # $0.15 and $0.60 a million
    assert rates(OPENAI) is not None
    assert (rates(OPENAI).input, rates(OPENAI).output) == (150_000_000, 600_000_000)


def test_our_own_price_goes_before_the_published_one():
    ours = Tariff("gpt-4o-mini", "api.openai.com", runs_here=False, input_price=100, output_price=1000)
    assert cost_nanodollars(ours, Usage(1000, 200)) == 300_000
    half = Tariff("gpt-4o-mini", "api.openai.com", runs_here=False, input_price=100)
    assert cost_nanodollars(half, Usage(1000, 200)) == 100_000 + 120_000
    assert rates(half).is_ours


def test_a_model_that_runs_here_is_free():
    assert cost_nanodollars(Tariff("gpt-4o-mini", "127.0.0.1", runs_here=True), Usage(10**6, 10**6)) == 0


def test_a_price_nobody_knows_counts_as_nothing_and_is_unknown():
    assert cost_nanodollars(HOUSE, Usage(1000, 1000)) == 0
    assert rates(HOUSE) is None
    assert rates(Tariff("no-such-model", "api.openai.com", runs_here=False)) is None


@given(tokens, tokens, st.integers(0, 10**6), st.integers(0, 10**6))
def test_our_own_price_is_linear(tokens_in, tokens_out, price_in, price_out):
    tariff = Tariff("x", "", runs_here=False, input_price=price_in, output_price=price_out)
    cost = cost_nanodollars(tariff, Usage(tokens_in, tokens_out))
    assert isinstance(cost, int)
    assert cost == tokens_in * price_in + tokens_out * price_out


@given(tokens, st.integers(0, 5000), st.integers(0, 5000))
def test_an_estimate_is_never_below_the_cost(tokens_in, tokens_out, more):
    assert estimate(OPENAI, tokens_in=tokens_in, max_tokens=tokens_out + more) >= cost_nanodollars(
        OPENAI, Usage(tokens_in, tokens_out)
    )
