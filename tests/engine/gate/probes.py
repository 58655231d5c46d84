"""Probes: questions to a gate that show which promises of DESIGN §2 it keeps. One checker for any gate.

`broken_promises(kind)` builds gates of that kind around parts that count, asks them, and returns the numbers of the
promises that were broken.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from allotment.engine.actions import Action
from allotment.engine.asking import Usage
from allotment.engine.gate.gate import Gate
from allotment.engine.gate.performing import Patience
from allotment.engine.gate.values import Answered, Claim, Failed, Refused, Stage
from allotment.engine.principals import Resource
from allotment.kernel import clock
from allotment.kernel.errors import ProviderError, Unavailable
from allotment.screening.findings import Detected
from allotment.screening.masking import Masking
from allotment.screening.streaming import Release as HeldBack
from tests.engine.gate.scene import (
    NOW,
    Alarm,
    Book,
    Policy,
    Purse,
    Scene,
    Voice,
    model,
    passage,
    question,
)

MAIL, SECRET = "a.okafor@example.com", "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
SECOND = model("second")
Probe = Callable[[type[Gate]], Awaitable[bool]]
PROBES: list[tuple[int, Probe]] = []


def promise(number: int) -> Callable[[Probe], Probe]:
    """Let a probe stand for a promise; it returns whether the promise was kept."""

    def named(probe: Probe) -> Probe:
        PROBES.append((number, probe))
        return probe

    return named


def broken_promises(kind: type[Gate]) -> frozenset[int]:
    """Ask gates of this kind every probe."""
    with clock.frozen(NOW):
        return frozenset(number for number, probe in PROBES if not anyio.run(probe, kind))


def scene(kind: type[Gate], **parts: Any) -> Scene:
    return Scene(**{"kind": kind, "others": {"second": Voice()}, **parts})


async def is_refused(asked: Scene, *, on_behalf: Any = None, effect: Any = None) -> bool:
    """Whether the gate said no before any provider was asked."""
    outcome = await asked.asked(effect, on_behalf)
    return isinstance(outcome, Refused) and asked.calls == 0 and not asked.released


# 2: One governed path; it fails closed.


@promise(2)
async def trouble_stops(kind: type[Gate]) -> bool:
    trouble = Refused(Stage.IDENTIFY, "clock", "It jumped.", "Wait.", flagged=True)
    return await is_refused(scene(kind, parts={"watch": Alarm(trouble)}))


@promise(2)
async def nobody_passes(kind: type[Gate]) -> bool:
    return await is_refused(scene(kind), on_behalf=passage(actor=None))


@promise(2)
async def stale_capability_stops(kind: type[Gate]) -> bool:
    return await is_refused(scene(kind), on_behalf=passage(expires_at=NOW))


@promise(2)
async def used_up_budget_stops(kind: type[Gate]) -> bool:
    return await is_refused(scene(kind, purse=Purse(frozenset({"m"}))))


@promise(2)
async def unreadable_budget_stops(kind: type[Gate]) -> bool:
    return await is_refused(scene(kind, purse=Purse(breaks=OSError())))


@promise(2)
async def blocked_words_stop(kind: type[Gate]) -> bool:
    return await is_refused(
        scene(kind), on_behalf=passage(treatments={Detected.EMAIL: "block"}), effect=question(f"Ask {MAIL}.")
    )


@promise(2)
async def what_was_used_counts(kind: type[Gate]) -> bool:
    asked = scene(kind)
    await asked.asked()
    return [room.settled for room in asked.purse.rooms] == [[(Usage(10, 5), 15)]]


@promise(2)
async def answer_broken_off_counts_as_far_as_it_came(kind: type[Gate]) -> bool:
    asked = scene(kind, voice=Voice(breaks_off=ProviderError("down")), parts={"patience": Patience(tries=1)})
    await asked.asked()
    settled = [used for room in asked.purse.rooms for used, _ in room.settled]
    return len(settled) == 1 and settled[0].tokens_out > 0


def _breaks(*_: object) -> Any:
    raise RuntimeError


@promise(2)
async def broken_detector_lets_nothing_out(kind: type[Gate]) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Masking, "mask", _breaks)
        return await is_refused(scene(kind))


@promise(2)
async def broken_detector_releases_nothing(kind: type[Gate]) -> bool:
    asked = scene(kind)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HeldBack, "push", _breaks)
        return isinstance(await asked.asked(), Refused) and not asked.released


# 3: Only the approved, stored version runs: something stored is claimed, and the entry says which version.


@promise(3)
async def nothing_claimed_is_refused(kind: type[Gate]) -> bool:
    return await is_refused(scene(kind), on_behalf=passage(claims=()))


@promise(3)
async def entry_names_version_and_template(kind: type[Gate]) -> bool:
    asked = scene(kind)
    await asked.asked(on_behalf=passage(version=7))
    return all(
        (entry.details.get("app_version"), entry.details.get("template")) == (7, "customer-reply@1")
        for entry in asked.book.entries
    )


# 4: Deny by default, one policy function, asked on every request.


@promise(4)
async def every_claim_can_stop(kind: type[Gate]) -> bool:
    claims = (*passage().claims, Claim(Action.SEE_RUN, Resource("Run", "r")))
    return all(
        [
            await is_refused(
                scene(kind, policy=Policy(frozenset({action}))), on_behalf=passage(claims=claims)
            )
            for action in ("apps.run", "runs.see")
        ]
    )


@promise(4)
async def model_can_be_refused(kind: type[Gate]) -> bool:
    return await is_refused(scene(kind, policy=Policy(frozenset({"models.ask"}))))


@promise(4)
async def doubt_is_a_no(kind: type[Gate]) -> bool:
    return all(
        [
            await is_refused(scene(kind, policy=policy))
            for policy in (Policy(undecided=frozenset({"apps.run"})), Policy(breaks=KeyError("facts")))
        ]
    )


@promise(4)
async def model_is_decided_with_the_class_of_the_data(kind: type[Gate]) -> bool:
    asked = scene(kind)
    await asked.asked(on_behalf=passage(data_class="restricted"))
    return ("models.ask", "m", {"data_class": "restricted"}) in asked.policy.asked


@promise(4)
async def right_taken_away_stops_the_next_call(kind: type[Gate]) -> bool:
    asked = scene(kind)
    await asked.asked()
    calls = asked.calls
    asked.policy.refused = frozenset({"apps.run"})
    return isinstance(await asked.asked(), Refused) and asked.calls == calls


# 5: Outbound only through what is named and approved.


@promise(5)
async def only_the_named_model_is_asked(kind: type[Gate]) -> bool:
    asked = scene(kind)
    await asked.asked()
    return len(asked.voice.requests) == 1 and asked.calls == 1


@promise(5)
async def forbidden_model_does_not_stand_in(kind: type[Gate]) -> bool:
    asked = scene(kind, voice=Voice([ProviderError("down")]), policy=Policy(frozenset({"second"})))
    outcome = await asked.asked(question(fallbacks=(SECOND,)))
    return not asked.others["second"].requests and not isinstance(outcome, Answered)


@promise(5)
async def model_that_is_off_is_not_asked(kind: type[Gate]) -> bool:
    asked = scene(kind, off=frozenset({"m"}))
    await asked.asked()
    return asked.calls == 0


# 6: Personal data and secrets are neither sent, nor shown again, nor logged.


@promise(6)
async def model_sees_no_personal_data(kind: type[Gate]) -> bool:
    asked = scene(kind)
    await asked.asked(question(f"Write to {MAIL} with {SECRET}."))
    sent = "".join(message.content for request in asked.voice.requests for message in request.messages)
    return MAIL not in sent and SECRET not in sent


@promise(6)
async def journal_holds_no_content(kind: type[Gate]) -> bool:
    asked = scene(kind, voice=Voice(answer=(f"Write to {MAIL}, please. ", "Soon.")))
    await asked.asked(question(f"Who is {MAIL}?"))
    return bool(asked.book.entries) and MAIL not in repr(asked.book.entries)


@promise(6)
async def secret_is_not_shown(kind: type[Gate]) -> bool:
    asked = scene(kind, voice=Voice(answer=(f"The key is {SECRET}. ", "Keep it.")))
    outcome = await asked.asked()
    return SECRET not in "".join(asked.released) and SECRET not in repr(outcome)


# 7: What happens is in the journal first; no record, no answer.


@promise(7)
async def released_text_was_announced(kind: type[Gate]) -> bool:
    asked = scene(kind)
    known: list[int] = []

    async def release(text: str) -> None:
        known.append(len(asked.book.entries))

    await asked.asked(release=release)
    return bool(known) and min(known) >= 1


@promise(7)
async def without_a_record_there_is_no_answer(kind: type[Gate]) -> bool:
    kept = True
    for refuses_from in (0, 1):
        asked = scene(kind, book=Book(refuses_from=refuses_from))
        try:
            await asked.asked()
        except Unavailable:
            kept = kept and (refuses_from == 1 or not asked.released)
        else:
            kept = False
    return kept


@promise(7)
async def every_ending_has_one_entry(kind: type[Gate]) -> bool:
    names = {Answered: "done", Refused: "refused", Failed: "failed"}
    kept = True
    for asked in (
        scene(kind),
        scene(kind, policy=Policy(frozenset({"apps.run"}))),
        scene(kind, voice=Voice([ProviderError("down")])),
    ):
        outcome = await asked.asked()
        kept = kept and [one for one in asked.book.outcomes if one != "allowed"] == [names[type(outcome)]]
    return kept


@promise(7)
async def call_given_up_has_an_entry(kind: type[Gate]) -> bool:
    asked = scene(kind, voice=Voice(hangs_after=0), parts={"patience": Patience(tries=1)})
    task = asyncio.create_task(asked.asked())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    return asked.book.outcomes == ["failed"] and asked.voice.closed == 1
