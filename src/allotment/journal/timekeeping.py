"""Whether this machine's clock may be signed with: it is compared with one that nobody can set, as the gate does.

A signature pins its time for good: nothing later may be dated before it, and no witness forgets it. So after a jump
nothing is signed until the clock has been steady, the longer the further it jumped.

Invariant: a clock that was wrong for less than that leaves no trace. Refuses: nothing it cannot know, such as a clock
that was wrong before this process began; `examining.require_past` tells that once the clock is right again.
"""

from collections.abc import Callable

from django.utils.translation import gettext

from allotment.engine.gate.watching import JUMP_SECONDS, SLEW, STEADY_SECONDS
from allotment.journal.examining import real_time
from allotment.kernel import clock
from allotment.kernel.errors import Unavailable

MOST_SECONDS = 300.0
"""The longest wait after a jump: a machine whose clock is set right at last should not be silent for hours."""


class Timekeeper:
    """Looks at the clock of this machine, again and again."""

    def __init__(
        self,
        wall: Callable[[], float] = lambda: real_time().timestamp(),
        steady: Callable[[], float] = clock.since_boot,
    ) -> None:
        self._wall, self._steady = wall, steady
        self._looked = steady()
        self._offset = wall() - self._looked
        self._doubted_until = float("-inf")

    def doubt(self) -> Unavailable | None:
        """Return why nothing may be signed now; None while the clock is steady. Look often: slow drift is taken up."""
        now = self._steady()
        offset = self._wall() - now
        jump = abs(offset - self._offset)
        if jump > JUMP_SECONDS + (now - self._looked) * SLEW:
            patience = min(max(STEADY_SECONDS, jump), MOST_SECONDS)
            self._doubted_until = max(self._doubted_until, now + patience)
        self._offset, self._looked = offset, now
        if now >= self._doubted_until:
            return None
        return Unavailable(
            gettext(
                "The clock of this machine jumped, so nothing is signed until it has been steady for a while."
            ),
            hint=gettext(
                "See what set the clock. Entries are recorded, and signed in a few minutes by themselves."
            ),
            code="clock",
        )
