"""Record: what became of one effect, told to the journal.

Invariant: one final entry for each effect, whatever happens to it: done, refused, failed, cancelled, broken. A
streamed answer has an entry of its own before its first piece is released. What cannot be recorded although a model was
asked is owed by the journal, which then tells of it as soon as it can. No personal content: ids and counts.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import anyio
from msgspec.structs import replace

from allotment.engine.actions import Action
from allotment.engine.gate.defects import words
from allotment.engine.gate.values import AskModel, Failed, Passage, Refused
from allotment.engine.recording import Also, Entry, NotKept, Outcome, Recorder, Scalar
from allotment.kernel import clock
from allotment.kernel.errors import AllotmentError, Unavailable

_LAST_WORD_SECONDS = 5.0
"""How long a cancelled call may take to say so."""
_REASON_CHARACTERS = 200

WAITED_FOR = "waited_for"
"""The detail that names trouble which passed while the call waited; somebody should look at it."""


class Record:
    """The entries of one effect."""

    def __init__(self, recorder: Recorder, passage: Passage, effect: AskModel) -> None:
        self._recorder, self.passage = recorder, passage
        self.model = effect.model.id
        self.policies: tuple[str, ...] = ()
        self.details: dict[str, Scalar] = {
            "step": passage.step,
            "template": effect.template,
            "app_version": passage.version,
            "data_class": passage.data_class,
        }
        if passage.key is not None:
            self.details["key"] = str(passage.key)
        if passage.row is not None:
            self.details["row"] = passage.row
        self.is_final = False
        self.has_asked = False
        """Whether a model was asked: then there is something that must not stay untold."""

    async def allowed(self) -> None:
        """Say that an answer is on its way out."""
        await self._write("allowed", dict(self.details))

    async def refused(self, refused: Refused) -> Refused:
        """Say that a stage said no."""
        self.is_final = True
        self.policies += refused.policies
        details = {**self.details, "stage": refused.stage.value, "rule": refused.rule}
        return replace(refused, entry=await self._write("refused", details, flagged=refused.flagged))

    async def failed(self, failed: Failed) -> Failed:
        """Say that the provider failed."""
        self.is_final = True
        details = {**self.details, "reason": failed.reason[:_REASON_CHARACTERS]}
        return replace(failed, entry=await self._write("failed", details))

    async def done(self, *, flagged: bool, also: Also | None = None) -> int:
        """Say that the answer is whole; what it took is in the details.

        Raises `NotKept` if `also` fails: then how the call ended is still to be said.
        """
        self.is_final = True
        is_flagged = flagged or WAITED_FOR in self.details
        try:
            return await self._write("done", self.details, flagged=is_flagged, also=also)
        except NotKept:
            self.is_final = False
            raise

    async def end(self, error: BaseException | None) -> None:
        """Say what nobody said yet: the call was cancelled, or something in it broke. For a `finally`.

        A journal that cannot be written does not hide why the call ended; nothing was released without an entry.
        """
        if self.is_final or isinstance(error, GeneratorExit):
            return
        self.is_final = True
        is_cancelled = error is None or isinstance(error, asyncio.CancelledError)
        reason = "cancelled" if error is None or is_cancelled else f"broken: {words(error)}"
        details = {**self.details, "reason": reason}
        with anyio.move_on_after(_LAST_WORD_SECONDS, shield=True), suppress(AllotmentError):
            await self._write("failed", details, flagged=not is_cancelled)

    async def _write(
        self,
        outcome: Outcome,
        details: Mapping[str, Scalar],
        *,
        flagged: bool = False,
        also: Also | None = None,
    ) -> int:
        passage = self.passage
        entry = Entry(
            at=clock.now(),
            action=Action.ASK_MODEL.value,
            outcome=outcome,
            actor=passage.actor.person if passage.actor else None,
            object_kind="model",
            object_id=self.model,
            space=passage.space,
            app=passage.app,
            run=passage.run,
            policies=self.policies,
            approver=passage.approver,
            details=details,
            flagged=flagged,
        )
        # That an answer is on its way out is no end: where it cannot be written, the end of the call is what is owed.
        has_happened = self.has_asked and outcome != "allowed"
        try:
            return await self._recorder.record(entry, also, has_happened=has_happened)
        except Unavailable as error:
            if not self.has_asked:
                raise
            raise Unavailable(
                "The model was asked, but what came of it could not be recorded, so nothing more of it is given out.",
                hint=error.hint,
                code=error.code,
            ) from error
