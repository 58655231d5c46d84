"""The built-in practice model: small, offline, nothing to configure. It shows how an app works, not how well.

Invariant: what is asked never leaves this machine, and nobody but this process can ask.
"""

import atexit
from collections.abc import Mapping

from allotment.adapters.providers.practice.asking import PracticeProvider
from allotment.adapters.providers.practice.server import PracticeServer
from allotment.adapters.providers.practice.weights import installed
from allotment.engine.asking import ConnectionField, Provider
from allotment.kernel.outbound import Outbound


class Practice:
    """The plugin; owns the one server of this process."""

    kind = "practice"
    title = "Practice model"
    description = (
        "A small model inside Allotment, for trying things out. It makes mistakes that larger models do not."
    )
    fields: tuple[ConnectionField, ...] = ()
    runs_here = True
    for_tests = False

    def __init__(self) -> None:
        self._server = PracticeServer(installed)
        atexit.register(self.stop)

    def connect(self, values: Mapping[str, str], outbound: Outbound) -> Provider:  # noqa: ARG002 - has no fields
        """Return a provider; the model starts with the first question."""
        return PracticeProvider(self._server, outbound)

    def stop(self) -> None:
        """End the model's process (when Allotment stops)."""
        self._server.stop()


plugin = Practice()
