"""Working on one batch: rows in chunks, as many at once as their model bears, each through the gate.

Invariant: memory is flat; whatever the number of rows, a chunk and those at work are all that is held. Lives on the
gate's event loop; the database is only touched in worker threads, and by the journal's writer, which writes a row's
answer in the transaction of its entry.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar
from uuid import UUID

import anyio
import msgspec

from allotment.engine.gate.values import Answered, Failed, Keep, Passage, Refused
from allotment.engine.interpreter import AskEffect
from allotment.engine.spec.reading import from_plain
from allotment.kernel import clock
from allotment.kernel.errors import AllotmentError
from allotment.runs.batches import finishing, holding, keeping, preparing, standing
from allotment.runs.batches.answering import RowAtWork, RowEnd, ask_next
from allotment.runs.batches.judging import (
    ALIKE_FAILURES,
    LONGEST_TROUBLE_SECONDS,
    MarkRow,
    Patience,
    PauseBatch,
    TryAgain,
    WaitAll,
    judge,
)
from allotment.runs.batches.models import Batch, BatchState, RowState
from allotment.runs.batches.standing import Standing, Subject
from allotment.runs.batches.turns import Turns
from allotment.runs.gatehouse import gate
from allotment.web.worker_threads import database_work

CHUNK = 200

Result = TypeVar("Result")


class _Over(Exception):
    """Nothing more is asked: paused, cancelled, taken away, or closing."""


class Worker:
    """One process's work on one batch."""

    def __init__(self, batch: UUID, holder: UUID, turns: Turns, threads: anyio.CapacityLimiter) -> None:
        self._batch, self._holder, self._turns, self._threads = batch, holder, turns, threads
        self._subject: Subject
        self._keeper: keeping.Keeper
        self._standing: Standing | None = None
        self._reading = anyio.Lock()
        self._look = asyncio.Event()
        self._clear_at = 0.0
        self._waits_for = ""
        self._trouble_since: float | None = None
        self._alike: tuple[str, int] = ("", 0)
        self._is_over = False
        self._asking = anyio.CancelScope()

    def look(self) -> None:
        """Look at the batch's state now instead of within a second. Call on the event loop."""
        self._look.set()

    def stop(self) -> None:
        """Take no more rows; those at work are finished. Call on the event loop."""
        self._is_over = True
        self._look.set()

    def stop_now(self) -> None:
        """Stop those at work, too. Call on the event loop."""
        self.stop()
        self._asking.cancel()

    def _ended(self) -> bool:
        """Say whether nothing more is to be taken; it changes while others are awaited."""
        return self._is_over

    async def work(self) -> None:
        """Work until nothing is left to do here."""
        row = await self._in_thread(lambda: Batch.objects.get(id=self._batch))
        try:
            app = from_plain(row.spec)
            self._subject = standing.subject_of(row, app)
            self._keeper = keeping.Keeper(row, app)
            async with anyio.create_task_group() as group:
                group.start_soon(self._watch)
                try:
                    await self._through()
                finally:
                    self._is_over = True
                    self._look.set()
        finally:
            with anyio.CancelScope(shield=True):
                await self._in_thread(lambda: holding.let_go(self._batch, self._holder))

    async def _through(self) -> None:
        if not await self._prepare():
            return
        while not self._ended():
            with self._asking:
                await self._ask_all()
            if self._ended() or await self._in_thread(lambda: finishing.finish(self._batch)):
                return

    async def _prepare(self) -> bool:
        """Store the rows that are not stored yet, chunk by chunk."""
        try:
            while not self._ended():
                if await self._in_thread(lambda: preparing.prepare_some(self._batch)):
                    return True
        except AllotmentError as error:
            told = partial(finishing.fail, self._batch, error.message, error.hint)
            await self._in_thread(told)
        return False

    async def _ask_all(self) -> None:
        """Take every waiting row once."""
        rows = anyio.CapacityLimiter(1)
        async with anyio.create_task_group() as group:
            async for row in self._rows():
                await self._ready()
                if self._ended():
                    return
                rows.total_tokens = (await self._now()).at_once
                await rows.acquire_on_behalf_of(row.id)
                if self._ended():
                    return
                group.start_soon(self._one, row, rows)

    async def _rows(self) -> AsyncIterator[RowAtWork]:
        last = 0
        while not self._ended():
            chunk = await self._in_thread(partial(keeping.waiting_rows, self._batch, last, CHUNK))
            for row in chunk:
                yield row
            if len(chunk) < CHUNK:
                return
            last = chunk[-1].number

    async def _one(self, row: RowAtWork, rows: anyio.CapacityLimiter) -> None:
        try:
            await self._row(row)
        except _Over:
            pass
        except AllotmentError as error:
            await self._mark(row, MarkRow(is_refused=False, message=error.message, remedy=error.hint))
        finally:
            rows.release_on_behalf_of(row.id)

    async def _row(self, row: RowAtWork) -> None:
        """Take one row through its steps."""
        patience = Patience()
        while True:
            effect = ask_next(self._subject.app, row)
            if isinstance(effect, RowEnd):
                await self._in_thread(partial(self._keeper.end_without_answer, row, effect))
                return
            outcome = await self._ask(row, effect)
            if isinstance(outcome, Answered):
                self._answered()
                row = replace(
                    row, answers={**row.answers, effect.step.step: outcome.text}, masking=outcome.masking
                )
                if await self._is_at_its_end(row):
                    return
            elif not await self._put_off(row, outcome, patience):
                return

    async def _is_at_its_end(self, row: RowAtWork) -> bool:
        """Say whether the last answer ended the row, which was written with it."""
        try:
            return isinstance(ask_next(self._subject.app, row), RowEnd)
        except AllotmentError:
            return True

    async def _ask(self, row: RowAtWork, effect: AskEffect) -> Answered | Refused | Failed:
        """Ask in turn, at the model that is asked when the turn comes."""
        step = effect.step.step
        outcome: Answered | Refused | Failed | None = None
        while outcome is None:
            await self._ready()
            wording = (await self._now()).wordings[step]
            async with self._turns.turn(wording.model.id, wording.at_once):
                now = await self._now()  # a turn may be long in coming
                if self._ended():
                    raise _Over
                if now.wordings[step].model.id == wording.model.id:
                    outcome = await self._ask_now(row, effect, now)
        return outcome

    async def _ask_now(self, row: RowAtWork, effect: AskEffect, now: Standing) -> Answered | Refused | Failed:
        step = effect.step.step
        question = standing.question(now.wordings[step], effect, row)
        try:
            return await gate().ask(self._passage(now, row, step), question, _keep_back)
        except AllotmentError as error:  # the outcome cannot be recorded right now
            return Failed(error.message, error.hint, retryable=True)

    def _passage(self, now: Standing, row: RowAtWork, step: str) -> Passage:
        """Return on whose behalf a row asks, and how that is read anew while it waits."""

        async def again() -> Passage:
            return self._passage(await self._afresh(), row, step)

        passage = standing.passage(self._subject, now, step, row)
        return msgspec.structs.replace(passage, keep=Keep(self._keeper.keep, (row, step)), again=again)

    async def _put_off(self, row: RowAtWork, outcome: Refused | Failed, patience: Patience) -> bool:
        """Do what follows from an outcome that is no answer; False when the row is over."""
        judgement = judge(outcome, patience, clock.now())
        match judgement:
            case TryAgain(seconds):
                await anyio.sleep(seconds)
                return not self._ended()
            case WaitAll(seconds, words, remedy):
                return await self._wait(seconds, words, remedy)
            case PauseBatch(message, remedy):
                await self._pause(message, remedy)
            case MarkRow():
                await self._mark(row, judgement)
        return False

    async def _wait(self, seconds: float, words: str, remedy: str) -> bool:
        now = clock.monotonic()
        self._trouble_since = self._trouble_since or now
        if now - self._trouble_since > max(LONGEST_TROUBLE_SECONDS, 2 * seconds):
            await self._pause(words, remedy)
            return False
        self._clear_at, self._waits_for = max(self._clear_at, now + seconds), words
        return True

    async def _mark(self, row: RowAtWork, how: MarkRow) -> None:
        state = RowState.REFUSED if how.is_refused else RowState.FAILED
        await self._in_thread(lambda: self._keeper.mark(row, state, how.message, how.remedy))
        words, times = self._alike
        self._alike = (how.message, times + 1 if how.message == words else 1)
        if not how.is_refused and self._alike[1] >= ALIKE_FAILURES:
            await self._pause(how.message, how.remedy)

    def _answered(self) -> None:
        self._trouble_since, self._alike, self._waits_for = None, ("", 0), ""

    async def _pause(self, message: str, remedy: str) -> None:
        self.stop()
        await self._in_thread(lambda: finishing.pause(self._batch, message, remedy))

    async def _ready(self) -> None:
        """Wait while nothing may be asked."""
        left = self._clear_at - clock.monotonic()
        if left > 0 and not self._ended():
            await anyio.sleep(min(left, holding.BEAT_SECONDS))
            await self._ready()

    async def _now(self) -> Standing:
        """Return what holds now; waits while that cannot be known."""
        while self._standing is None or self._standing.is_stale:
            if self._ended():
                raise _Over
            await anyio.sleep(0.05)
        return self._standing

    async def _afresh(self) -> Standing:
        """Read what holds now, once for all rows that want to know; raises what `standing_of` raises."""
        async with self._reading:
            known = self._standing
            if known is None or not known.is_fresh:
                known = self._standing = await self._in_thread(lambda: standing.standing_of(self._subject))
            return known

    async def _watch(self) -> None:
        """Once a second: show that this process lives, see what is wanted, and read what holds now."""
        while not self._ended():
            self._look.clear()
            wanted, words = await self._in_thread(self._see)
            if isinstance(words, AllotmentError):
                await self._pause(words.message, words.hint)
            elif wanted not in (BatchState.PREPARING, BatchState.WORKING):
                self.stop()
                if wanted in (BatchState.CANCELLED, ""):
                    self._asking.cancel()
                if wanted == BatchState.CANCELLED:  # its run may be what ended
                    await self._in_thread(lambda: finishing.cancel(self._batch, None))
            with anyio.move_on_after(holding.BEAT_SECONDS):
                await self._look.wait()

    def _see(self) -> tuple[str, AllotmentError | None]:
        wanted = holding.beat(self._batch, self._holder, self._waits_for)
        try:
            self._standing = standing.standing_of(self._subject)
        except AllotmentError as error:
            return wanted, error if wanted in (BatchState.PREPARING, BatchState.WORKING) else None
        return wanted, None

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        def with_database() -> Result:
            with database_work():
                return work()

        return await anyio.to_thread.run_sync(with_database, limiter=self._threads)


async def _keep_back(_: str) -> None:
    """Nothing of a row is shown before it is kept."""
