"""Anthropic: the Messages API."""

from collections.abc import Mapping
from dataclasses import replace

from allotment.adapters.providers.anthropic.messages import Messages
from allotment.adapters.wires.fields import KEY, NETWORK, PATIENCE, patience_of, reach_of
from allotment.engine.asking import ConnectionField, Provider
from allotment.kernel.outbound import Outbound


class Anthropic:
    """The plugin."""

    kind = "anthropic"
    title = "Anthropic"
    description = "Claude models, directly from Anthropic or through a gateway with the same API."
    fields = (
        replace(KEY, help="The API key from the Anthropic console.", is_required=True),
        ConnectionField(
            "endpoint",
            "Address",
            help="Change it only for a gateway of your own.",
            is_required=False,
            default="https://api.anthropic.com",
        ),
        NETWORK,
        PATIENCE,
    )
    runs_here = False
    for_tests = False

    def connect(self, values: Mapping[str, str], outbound: Outbound) -> Provider:
        """Return a provider for these field values."""
        url = (values.get("endpoint") or "https://api.anthropic.com").strip().rstrip("/").removesuffix("/v1")
        return Messages(url, values["key"], reach_of(values), patience_of(values), outbound)


plugin = Anthropic()
