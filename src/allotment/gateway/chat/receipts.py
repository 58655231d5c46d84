"""The receipt of one call: the last word of the journal about it, with its proof.

Invariant: only the person behind the key gets receipts, and only of calls made with a key of theirs; anything else is
not there. The journal is read in a thread, never on the loop.
"""

from typing import Final
from uuid import UUID

import anyio
import msgspec
from django.db import Error

from allotment.engine.actions import Action
from allotment.engine.gate.ports import Authoriser
from allotment.engine.gate.values import Refused, Stage
from allotment.gateway.chat.bearer import Holder
from allotment.gateway.chat.errors import Answer, raised
from allotment.journal.calls import call_made
from allotment.journal.receipts import evidence_of
from allotment.kernel.errors import NotFound, Unavailable
from allotment.web.worker_threads import database_work

RECEIPTS: Final = "/v1/receipts/"
_AGAIN = (b"retry-after", b"2")
"""The journal is signed within about this many seconds."""


async def receipt_of(name: str, holder: Holder, authoriser: Authoriser) -> Answer | Refused:
    """Return the receipt file of a call, or why this key gets none; raises `NotFound` for a call it did not make."""
    decision = authoriser.decide(holder.actor, Action.USE_KEY, holder.key.resource, {})
    if not decision.allowed:
        return Refused(Stage.AUTHORISE, ", ".join(decision.policies), decision.reason, decision.remedy)
    request = _id(name)
    try:
        file = await anyio.to_thread.run_sync(_file, request, holder.actor.person)
    except Unavailable as error:
        answer = raised(error)
        return msgspec.structs.replace(answer, headers=(*answer.headers, _AGAIN))
    return Answer(200, file)


def _id(name: str) -> UUID:
    """Read an id as it stands in an answer: `allotment.receipt`, or `id` itself."""
    try:
        return UUID(name.removeprefix("chatcmpl-"))
    except ValueError:
        raise _absent() from None


def _file(request: UUID, person: UUID) -> bytes:
    with database_work():
        try:
            found = call_made(request)
            if found is None or found.person != person:
                raise _absent()
            return msgspec.json.encode(evidence_of(found.entry))
        except Error as error:
            raise Unavailable(
                "The journal cannot be read right now.", hint="Try again in a few seconds."
            ) from error


def _absent() -> NotFound:
    return NotFound(
        "There is no call of yours with this id.",
        hint="Take it from `allotment.receipt` in the answer, and ask with a key of the same person.",
        code="receipt_not_found",
    )
