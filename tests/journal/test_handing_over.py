"""Only the new key itself can say that a journal begins again."""

import json
from typing import Any

import pytest

from allotment.engine.recording import Entry
from allotment.journal.bodies import body_of
from allotment.journal.handing_over import given_up, giving_up, handover
from allotment.journal.tree.checkpoints import Checkpoint
from allotment.journal.tree.keyrings import ROTATE
from allotment.journal.tree.notes import Signer
from allotment.kernel import clock
from allotment.kernel.errors import Invalid

OLD = Checkpoint("allotment/journal/old", 7, b"r" * 32)
NEW = Signer.generate("allotment/journal/new")
TOLD: dict[str, Any] = {"vkey": NEW.verifier.text, "reason": "lost", **giving_up(OLD, NEW)}


def body(action: str = ROTATE, **details: Any) -> str:
    return body_of(Entry(clock.now(), action, "done", None, "journal", "x", details=details), "", {})


def test_what_the_new_key_gives_up_is_read_again():
    told = given_up(body(**TOLD))
    assert (told.origin, told.by) == (OLD.origin, NEW.verifier)
    assert handover(body(**TOLD)) == NEW.verifier


@pytest.mark.parametrize(
    "changed",
    [
        {"abandoned": "allotment/journal/other"},
        {"abandoned_size": 6},
        {"abandoned_root": "00" * 32},
        {"abandoned_root": "no"},
        {"signature": "no"},
        {"signature": giving_up(OLD, Signer.generate("allotment/journal/new"))["signature"]},
        {"vkey": Signer.generate("allotment/journal/new").verifier.text},
        {"vkey": "no"},
        {"abandoned_size": "7"},
    ],
)
def test_a_row_that_says_anything_else_gives_up_nothing(changed):
    assert given_up(body(**{**TOLD, **changed})) is None


@pytest.mark.parametrize("missing", [name for name in TOLD if name != "reason"])
def test_a_row_that_leaves_anything_out_gives_up_nothing(missing):
    told = {name: value for name, value in TOLD.items() if name != missing}
    assert given_up(body(**told)) is None


def test_another_action_gives_up_nothing_and_hands_over_nothing():
    assert given_up(body("apps.see", **TOLD)) is None
    assert handover(body("apps.see", **TOLD)) is None


def test_a_key_cannot_give_up_its_own_name():
    own = Checkpoint(NEW.verifier.name, 7, b"r" * 32)
    assert given_up(body(**{**TOLD, **giving_up(own, NEW)})) is None


@pytest.mark.parametrize("details", [{}, {"vkey": "no"}, {"vkey": 3}])
def test_a_key_change_to_no_key_is_refused(details):
    with pytest.raises(Invalid):
        handover(body(**details))


def test_a_text_that_other_programs_may_read_as_a_key_change_is_refused():
    doubtful = body(**TOLD).replace('"flagged":false', '"flagged":NaN')
    assert json.loads(doubtful)["action"] == ROTATE
    with pytest.raises(Invalid, match="cannot be read"):
        handover(doubtful)
