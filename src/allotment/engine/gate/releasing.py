"""Screen out and release: what of an answer may be seen, and when.

Invariant: nothing leaves that was not screened and restored, and nothing leaves before the journal knows of it.
Prose is released sentence by sentence; what makes sense only as a whole is screened as a whole.
"""

from collections import Counter
from collections.abc import Awaitable, Callable

from allotment.engine.gate import stages
from allotment.engine.gate.defects import DEFECTS
from allotment.engine.gate.ports import Release
from allotment.engine.gate.values import Refused, Stage
from allotment.screening.masking import Masking
from allotment.screening.streaming import Release as HeldBack


class Withheld(Exception):
    """The answer cannot be screened; nothing more of it is released."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.reason)
        self.refused = refused


class Outlet:
    """The way out of one answer. One for each try: a try that failed leaves nothing behind."""

    def __init__(
        self, masking: Masking, announce: Callable[[], Awaitable[object]], release: Release | None
    ) -> None:
        """Release pieces through `release`, after `announce`; without it the answer is kept until it is whole."""
        self._held_back = HeldBack(masking)
        self._announce, self._release = announce, release
        self._checked: list[str] = []
        self.has_passed_on = False
        self.received = 0
        """Characters the provider sent."""

    async def take(self, piece: str) -> None:
        """Take a piece from the provider; release what is complete."""
        self.received += len(piece)
        if self._release is None:
            self._checked.append(piece)
        else:
            await self._let_out(_screened(self._held_back.push, piece))

    async def finish(self) -> str:
        """Release the rest, and return the whole answer as it may be seen."""
        if self._release is None:
            return _screened(self._held_back.whole, "".join(self._checked))
        await self._let_out(_screened(self._held_back.finish))
        return "".join(self._checked)

    @property
    def withheld(self) -> dict[str, int]:
        """How many of each kind the answer tried to bring out that no question held."""
        findings = self._held_back.findings
        return dict(Counter(finding.kind.value for finding in findings)) if findings else {}

    async def _let_out(self, text: str) -> None:
        if not text or self._release is None:
            return
        self._checked.append(text)
        if not self.has_passed_on:
            self.has_passed_on = True
            await self._announce()
        await self._release(text)


def _screened(screen: Callable[..., str], *texts: str) -> str:
    try:
        return screen(*texts)
    except DEFECTS as error:
        raise Withheld(stages.not_screened(Stage.SCREEN_OUT, error)) from error
