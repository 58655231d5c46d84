"""What a question costs, in exact billionths of a dollar: our own price, else the published one.

Invariant: integers throughout; a model that runs here costs nothing. Prices are those shipped with
genai-prices; nothing is fetched. A price nobody knows counts as nothing and is shown as unknown.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from genai_prices import calc_price
from genai_prices import types as published

from allotment.engine.asking import Usage
from allotment.kernel import clock

_NANO = Decimal(10) ** 9
_PROBE_TOKENS = 1000
"""Published prices rise with the length of the question; this many tokens show the everyday price."""


@dataclass(frozen=True)
class Tariff:
    """Everything the price of a model depends on."""

    model_name: str
    endpoint_host: str
    """Empty for a provider without an address of its own."""
    runs_here: bool
    input_price: int | None = None
    """Our own price in nano-dollars per token; None for the published one."""
    output_price: int | None = None


@dataclass(frozen=True)
class Rates:
    """Nano-dollars per million tokens, for showing."""

    input: int
    output: int
    is_ours: bool


def cost_nanodollars(tariff: Tariff, usage: Usage) -> int:
    """Return the price of `usage`; 0 for a model that runs here or whose price nobody knows."""
    if tariff.runs_here:
        return 0
    if tariff.input_price is not None and tariff.output_price is not None:
        return usage.tokens_in * tariff.input_price + usage.tokens_out * tariff.output_price
    cost_in, cost_out = _published(tariff, usage.tokens_in, usage.tokens_out) or (0, 0)
    if tariff.input_price is not None:
        cost_in = usage.tokens_in * tariff.input_price
    if tariff.output_price is not None:
        cost_out = usage.tokens_out * tariff.output_price
    return cost_in + cost_out


def estimate(tariff: Tariff, *, tokens_in: int, max_tokens: int) -> int:
    """Return the most a question can cost: its own tokens and the longest answer it may get."""
    return cost_nanodollars(tariff, Usage(tokens_in, max_tokens, estimated=True))


def rates(tariff: Tariff) -> Rates | None:
    """Return what a million tokens cost, or None when nobody knows."""
    is_ours = tariff.input_price is not None or tariff.output_price is not None
    known = _published(tariff, _PROBE_TOKENS, _PROBE_TOKENS)
    if not tariff.runs_here and not is_ours and known is None:
        return None
    million = 1_000_000
    each_in = cost_nanodollars(tariff, Usage(_PROBE_TOKENS, 0)) * (million // _PROBE_TOKENS)
    each_out = cost_nanodollars(tariff, Usage(0, _PROBE_TOKENS)) * (million // _PROBE_TOKENS)
    return Rates(each_in, each_out, is_ours)


def _published(tariff: Tariff, tokens_in: int, tokens_out: int) -> tuple[int, int] | None:
    if not tariff.endpoint_host or tariff.runs_here:
        return None
    today = clock.now().astimezone(UTC).date()
    return _published_on(today, tariff.endpoint_host, tariff.model_name, tokens_in, tokens_out)


@lru_cache(maxsize=8192)
def _published_on(
    day: date, endpoint_host: str, model_name: str, tokens_in: int, tokens_out: int
) -> tuple[int, int] | None:
    """Return published prices of both directions on `day`; None when the provider or model is not listed."""
    try:
        price = calc_price(
            published.Usage(input_tokens=tokens_in, output_tokens=tokens_out),
            model_name,
            provider_api_url=f"https://{endpoint_host}",
            genai_request_timestamp=datetime.combine(day, time(12), UTC),
        )
    except LookupError:
        return None
    return _nano(price.input_price), _nano(price.output_price)


def _nano(dollars: Decimal) -> int:
    return int((dollars * _NANO).to_integral_value(ROUND_HALF_UP))
