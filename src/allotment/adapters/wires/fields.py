"""The connection fields that remote providers share, and how their values are read."""

from collections.abc import Mapping
from dataclasses import replace

from allotment.engine.asking import ConnectionField
from allotment.kernel.errors import Invalid
from allotment.kernel.outbound import Patience, Reach

KEY = ConnectionField(
    "key",
    "Key",
    help="The API key from the provider. Leave it empty for a server that asks for none.",
    is_secret=True,
    is_required=False,
)
NETWORK = ConnectionField(
    "network",
    "Network",
    help="Where the server is. “local” lets this connection reach this machine and private networks.",
    is_required=False,
    default=Reach.PUBLIC.value,
    choices=(
        (Reach.PUBLIC.value, "On the internet"),
        (Reach.LOCAL.value, "On this machine or in our own network"),
    ),
)
PATIENCE = ConnectionField(
    "patience_seconds",
    "Seconds to wait",
    help="How long to wait for the first word of an answer.",
    is_required=False,
    default="120",
)


def reach_of(values: Mapping[str, str]) -> Reach:
    """Return how far the connection may reach."""
    given = values.get("network") or Reach.PUBLIC.value
    try:
        return Reach(given)
    except ValueError as error:
        raise Invalid(
            f"“{given}” is not a network.", hint="Choose “public” or “local”.", where="network"
        ) from error


def patience_of(values: Mapping[str, str]) -> Patience:
    """Return how long to wait: the given time for the first word, at most the usual time after it."""
    given = values.get("patience_seconds") or PATIENCE.default
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= Patience.whole:
        raise Invalid(
            f"“{given}” is not a time to wait.",
            hint=f"Give seconds as a number, at most {Patience.whole:g}.",
            where="patience_seconds",
        )
    usual = Patience()
    return replace(usual, first_byte=seconds, between_bytes=min(seconds, usual.between_bytes))
