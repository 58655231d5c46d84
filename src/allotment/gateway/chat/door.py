"""The door itself: an ASGI application that stands before everything else and answers `/v1/…`.

Invariant: no table is read on the loop and no page middleware runs. Every request names its holder before anything of
it is read, and the first no ends it.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
from django.db import Error
from msgspec.structs import replace
from starlette.types import ASGIApp, Receive, Scope, Send

from allotment.composition.snapshot.facts import Snapshot
from allotment.engine.gate.gate import Gate
from allotment.engine.gate.values import Refused, Stage
from allotment.gateway.chat.asking import question
from allotment.gateway.chat.bearer import Holder, Stranger, identify
from allotment.gateway.chat.caller import Caller, Gone, body_of
from allotment.gateway.chat.completing import complete
from allotment.gateway.chat.errors import NO_DATABASE, Answer, plain, raised, refused
from allotment.gateway.chat.listing import models_for
from allotment.gateway.chat.reading import read_request
from allotment.gateway.chat.receipts import RECEIPTS, receipt_of
from allotment.gateway.chat.shapes import Model, ModelList
from allotment.gateway.chat.shaping import HeldBack
from allotment.gateway.chat.streaming import Stream
from allotment.gateway.chat.trusting import trouble
from allotment.gateway.chat.turning_away import TurnedAway
from allotment.gateway.chat.uses import Uses
from allotment.kernel import clock
from allotment.kernel.errors import AllotmentError, NotAllowed, NotFound
from allotment.screening.findings import Detected

PREFIX: Final = "/v1/"
COMPLETIONS: Final = "/v1/chat/completions"
MODELS: Final = "/v1/models"

_ABSENT = {"template_not_found": "template-not-approved", "model_not_found": "model-unknown"}
"""What the journal says about a question that names something which is not there, by the code of the error."""
_JSON = (b"content-type", b"application/json")
_NO_STORE = (b"cache-control", b"no-store")
_encode = msgspec.json.Encoder().encode

_NOT_HERE = plain(
    404,
    "unknown_url",
    f"There is nothing at this address. This server answers POST {COMPLETIONS}, GET {MODELS} and GET {RECEIPTS}….",
)
_log = logging.getLogger(__name__)


class ChatDoor:
    """Answers programs; hands everything else on to `inner`."""

    def __init__(
        self, inner: ASGIApp, facts: Callable[[], Snapshot], gate: Callable[[], Gate], uses: Uses
    ) -> None:
        self._inner, self._facts, self._gate, self._uses = inner, facts, gate, uses
        self._turned_away = TurnedAway()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to `/v1/…`."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._inner(scope, receive, send)
            return
        try:
            answer = await self._answer(scope, receive, send)
        except Gone:
            return
        except AllotmentError as error:
            answer = raised(error)
        except Error:
            _log.exception("the database broke off a request")
            answer = NO_DATABASE
        if answer is not None:
            await _send(answer, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        path, method = scope["path"], scope["method"]
        is_question = path == COMPLETIONS
        if not is_question and path != MODELS and not path.startswith((f"{MODELS}/", RECEIPTS)):
            return _NOT_HERE
        allowed = "POST" if is_question else "GET"
        if method != allowed:
            return plain(405, "method_not_allowed", f"Use {allowed} here.", ((b"allow", allowed.encode()),))
        now, facts = clock.now(), self._facts()
        who = identify(scope["headers"], facts, now)
        if isinstance(who, Stranger):
            return await self._turn_away(who)
        self._uses.note(who.key.id, now)
        try:
            if is_question:
                return await self._ask(scope, receive, send, who, facts)
            return await self._tell(path, who, facts, now)
        except NotAllowed as error:
            no = Refused(Stage.AUTHORISE, error.policy, error.message, error.hint)
            return await self._turn_away(_known(who, no))

    async def _turn_away(self, who: Stranger) -> Answer:
        entry = await self._turned_away.record(self._gate().recorder, who)
        return refused(replace(who.refused, entry=entry))

    async def _tell(self, path: str, who: Holder, facts: Snapshot, now: datetime) -> Answer:
        """Answer from what is known here, while that can be trusted."""
        found: Answer | Refused | None = trouble(self._gate().watch, who, now)
        if found is None:
            authoriser = self._gate().authoriser
            if path.startswith(RECEIPTS):
                found = await receipt_of(path[len(RECEIPTS) :], who, authoriser)
            else:
                found = _list(path, models_for(who, facts, authoriser, now))
        return await self._turn_away(_known(who, found)) if isinstance(found, Refused) else found

    async def _ask(
        self, scope: Scope, receive: Receive, send: Send, holder: Holder, known: Snapshot
    ) -> Answer | None:
        request = read_request(await body_of(scope["headers"], receive))
        now, facts = clock.now(), self._facts()
        if facts is not known or holder.key.expires_at <= now:
            # Sending it took a while: who may ask is decided by the facts as they are now.
            who = identify(scope["headers"], facts, now)
            if isinstance(who, Stranger):
                return await self._turn_away(who)
            holder = who
        try:
            asked = question(request, holder, facts, now)
        except (NotFound, HeldBack) as error:
            stays = _known(holder, _refusal(error))
            return raised(error, await self._turned_away.record(self._gate().recorder, stays))
        with Caller(receive):
            if not request.stream:
                return await complete(self._gate(), asked, int(now.timestamp()))
            options = request.stream_options
            with_usage = options is not None and options.include_usage is True
            stream = Stream(send, asked, int(now.timestamp()), with_usage=with_usage)
            return await stream.through(self._gate())


def _known(who: Holder, refused: Refused) -> Stranger:
    """Return a holder whose key is right, and whose request stays at the door all the same."""
    return Stranger(refused, who.key, who.actor.person)


def _refusal(error: NotFound | HeldBack) -> Refused:
    """Return what the journal says about a question that names what is not there, or holds what may not leave."""
    if isinstance(error, NotFound):
        return Refused(Stage.AUTHORISE, _ABSENT.get(error.code, error.code), error.message, error.hint)
    is_secret = error.kind is Detected.SECRET
    return Refused(
        Stage.SCREEN_IN, f"schema:{error.kind.value}", error.message, error.hint, flagged=is_secret
    )


def _list(path: str, found: tuple[Model, ...] | Refused) -> Answer | Refused:
    if isinstance(found, Refused):
        return found
    if path == MODELS:
        return Answer(200, _encode(ModelList(found)))
    for model in found:
        if model.id == path[len(MODELS) + 1 :]:
            return Answer(200, _encode(model))
    raise NotFound(
        "There is no model of this name that this key may ask.",
        hint=f"GET {MODELS} lists those there are.",
        code="model_not_found",
    )


async def _send(answer: Answer, send: Send) -> None:
    length = (b"content-length", b"%d" % len(answer.body))
    headers = [_JSON, _NO_STORE, length, *answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
