"""The gate itself: takes an effect through the stages and records what became of it."""

import asyncio
import sys
from dataclasses import dataclass, field

from allotment.engine.gate import stages
from allotment.engine.gate.afresh import is_old, renewed
from allotment.engine.gate.breaker import Breakers
from allotment.engine.gate.calling import Call, Decided
from allotment.engine.gate.performing import Patience
from allotment.engine.gate.ports import Authoriser, Directory, Limiter, Release, Reservation, Watch
from allotment.engine.gate.recording import WAITED_FOR, Record
from allotment.engine.gate.reserving import Unreached, reserve
from allotment.engine.gate.values import AskModel, Outcome, Passage, Refused
from allotment.engine.recording import Recorder
from allotment.kernel import clock
from allotment.kernel.deadlines import Deadlines

DEADLINE_SECONDS = 180.0
"""How long a call may take, all its tries and models together."""
_SHORTEST_PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Gate:
    """The one way out. Build one per process, in the composition root, and call it on its event loop."""

    authoriser: Authoriser
    limiter: Limiter
    directory: Directory
    recorder: Recorder
    watch: Watch
    breakers: Breakers = field(default_factory=Breakers)
    patience: Patience = field(default_factory=Patience)
    deadlines: Deadlines = field(default_factory=lambda: Deadlines(DEADLINE_SECONDS))

    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        """Take a question to a model through all eight stages.

        `release` gets the answer piece by piece, each checked and restored first; nothing of an answer that is
        wanted as a whole, or makes sense only as one (a label, fields). Raises `Unavailable` when the outcome
        cannot be recorded: then nothing of it may be used. Cancel the task to stop the provider's work; that is
        recorded, too.
        """
        record = Record(self.recorder, passage, effect)
        try:
            return await self._through(passage, effect, release, record)
        finally:
            if not record.is_final:
                await record.end(sys.exception())

    async def _through(self, passage: Passage, effect: AskModel, release: Release, record: Record) -> Outcome:
        started = clock.monotonic()
        refused = await self._identified(passage, record)
        if refused is not None:
            return await record.refused(refused)
        authorised = self._authorise(passage, effect)
        if isinstance(authorised, Refused):
            return await record.refused(authorised)
        record.policies = authorised.policies
        held = await self._reserve(passage, effect)
        if isinstance(held, Refused):
            return await record.refused(held)
        call = Call(self, passage, effect, record, held)
        try:
            if is_old(passage):
                refused = await call.decide_again()
                if refused is not None:
                    return await record.refused(refused)
            screened = self._screen_in(call.passage, effect)
            if isinstance(screened, Refused):
                return await record.refused(screened)
            return await call.through(screened, release, started)
        finally:
            call.close()

    async def decide_again(self, passage: Passage, effect: AskModel) -> Decided | Refused:
        """Identify and authorise from facts read anew: what was decided before a wait may not hold after it."""
        newest = await renewed(passage)
        if isinstance(newest, Refused):
            return newest
        refused = self._identify(newest)
        if refused is not None:
            return refused
        authorised = self._authorise(newest, effect)
        return authorised if isinstance(authorised, Refused) else Decided(newest, authorised.policies)

    async def _identified(self, passage: Passage, record: Record) -> Refused | None:
        """Identify; whoever has patience waits while trouble passes by itself. The entry tells what was waited for."""
        left = passage.patience_seconds
        while True:
            refused = self._identify(passage)
            pause = None if refused is None else refused.passes_in_seconds
            if refused is None or pause is None or pause > left:
                return refused
            record.details[WAITED_FOR] = refused.rule
            left -= max(pause, _SHORTEST_PAUSE_SECONDS)
            await asyncio.sleep(max(pause, _SHORTEST_PAUSE_SECONDS))

    def _identify(self, passage: Passage) -> Refused | None:
        return stages.look(self.watch, passage) or stages.identify(passage, clock.now())

    def _authorise(self, passage: Passage, effect: AskModel) -> stages.Authorised | Refused:
        return stages.authorise(passage, effect.model, self.authoriser)

    async def _reserve(self, passage: Passage, effect: AskModel) -> Reservation | Unreached | Refused:
        return await reserve(self, passage, effect, effect.model)

    def _screen_in(self, passage: Passage, effect: AskModel) -> stages.ScreenedIn | Refused:
        return stages.screen_in(passage, effect)
