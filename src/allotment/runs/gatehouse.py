"""Where this process's gate stands. The composition root puts it here; runs go through it."""

from allotment.engine.gate.gate import Gate
from allotment.kernel.errors import Unavailable

_gate: Gate | None = None


def use(gate: Gate | None) -> None:
    """Put the gate in place, or take it away at shutdown."""
    global _gate  # noqa: PLW0603 - the one switch of this module
    _gate = gate


def gate() -> Gate:
    """Return the gate; raises `Unavailable` when this process has none."""
    if _gate is None:
        raise Unavailable("The gate is not open.", hint="Start the server with `allotment up`.")
    return _gate
