"""The circuit breaker: a connection that keeps failing rests, so that nobody waits for what cannot come.

closed → (failures outnumber successes by the limit, inside the window) → open → (rest over) → one probe → closed or
open again, for longer. Shared by all calls of a process, one per connection. Invariant: only the provider's own
faults count; what a caller's input caused never keeps others out. Used from the gate's event loop only, but for
`forget`: no lock.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from allotment.kernel import clock
from allotment.kernel.errors import ProviderError


@dataclass(frozen=True)
class BreakerRules:
    """When a connection rests, and for how long."""

    failures: int = 5
    window_seconds: float = 30.0
    rest_seconds: float = 15.0
    longest_rest_seconds: float = 120.0


@dataclass(frozen=True)
class Resting:
    """The connection is not asked now."""

    until: datetime
    is_key_refused: bool


@dataclass
class _Circuit:
    """One connection."""

    failed: deque[float] = field(default_factory=deque)
    """Moments of failures that no success has outweighed."""
    rests: int = 0
    """How many rests in a row; 0 while closed."""
    rests_until: float = 0.0
    is_probing: bool = False
    is_key_refused: bool = False


class Permit:
    """Leave to ask once. Exactly one of its endings counts; `close` means nobody learned anything."""

    __slots__ = ("_breakers", "_circuit", "_is_open", "_is_probe")

    def __init__(self, breakers: "Breakers", circuit: _Circuit, *, is_probe: bool) -> None:
        self._breakers, self._circuit, self._is_probe = breakers, circuit, is_probe
        self._is_open = True
        circuit.is_probing = circuit.is_probing or is_probe

    def succeeded(self) -> None:
        """The provider answered."""
        if self._is_over():
            return
        circuit = self._circuit
        if self._is_probe:
            circuit.rests, circuit.is_key_refused = 0, False
            circuit.failed.clear()
        elif circuit.failed:
            circuit.failed.popleft()

    def failed(self, error: ProviderError) -> None:
        """The provider failed, or refused what this caller asked, which proves it alive."""
        if error.rejected_credential or error.retryable:
            self._count(error)
        else:
            self.succeeded()

    def close(self) -> None:
        """The call was given up before anything was learned."""
        self._is_over()

    def _count(self, error: ProviderError) -> None:
        if not self._is_over():
            self._breakers.count(self._circuit, error, is_probe=self._is_probe)

    def _is_over(self) -> bool:
        was_open, self._is_open = self._is_open, False
        if was_open and self._is_probe:
            self._circuit.is_probing = False
        return not was_open


class Breakers:
    """The breakers of a process, by connection."""

    def __init__(
        self, rules: BreakerRules | None = None, monotonic: Callable[[], float] = clock.monotonic
    ) -> None:
        self.rules = rules or BreakerRules()
        self._monotonic = monotonic
        self._circuits: dict[str, _Circuit] = {}

    def enter(self, connection: str) -> Permit | Resting:
        """Give leave to ask, or say until when the connection rests."""
        circuit = self._circuits.get(connection)
        if circuit is None:
            circuit = self._circuits[connection] = _Circuit()
        if not circuit.rests:
            return Permit(self, circuit, is_probe=False)
        left = circuit.rests_until - self._monotonic()
        if left <= 0 and not circuit.is_probing:
            return Permit(self, circuit, is_probe=True)
        return Resting(clock.now() + timedelta(seconds=max(1.0, left)), circuit.is_key_refused)

    def forget(self, connection: str) -> None:
        """Start anew: the connection was changed. From any thread: calls under way end with the circuit they have."""
        self._circuits.pop(connection, None)

    def resting(self) -> frozenset[str]:
        """Return the connections that rest now."""
        return frozenset(name for name, circuit in tuple(self._circuits.items()) if circuit.rests)

    def count(self, circuit: _Circuit, error: ProviderError, *, is_probe: bool) -> None:
        """Count a failure; open the circuit when it was one too many."""
        now, failed = self._monotonic(), circuit.failed
        failed.append(now)
        while failed[0] <= now - self.rules.window_seconds:
            failed.popleft()
        if circuit.rests and not is_probe:
            return  # asked before it opened; it rests already
        if is_probe or error.rejected_credential or len(failed) >= self.rules.failures:
            circuit.rests += 1
            rest = self.rules.rest_seconds * 2.0 ** min(circuit.rests - 1, 16)
            circuit.rests_until = now + min(rest, self.rules.longest_rest_seconds)
            circuit.is_key_refused = error.rejected_credential
