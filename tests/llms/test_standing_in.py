"""Which models may answer when another cannot."""

from uuid import UUID

import pytest

from allotment.engine.spec.app import DataClass
from allotment.journal.models import JournalEntry
from allotment.kernel.errors import Invalid, NotFound
from allotment.kernel.ids import new_id
from allotment.llms import queries
from allotment.llms.models import Connection, LanguageModel
from allotment.llms.offering import Terms, set_terms, turn_off
from allotment.llms.rules import api_names
from allotment.llms.standing_in import MOST, choose_stand_ins

pytestmark = pytest.mark.django_db


@pytest.fixture
def made():
    connection = Connection.objects.create(
        kind="openai_compatible", title="House models", values={"endpoint": "https://models.example.org/v1"}
    )

    def make(
        name: str, ceiling: str = "internal", *, is_on: bool = True, of: Connection = connection
    ) -> UUID:
        return LanguageModel.objects.create(
            connection=of, name=name, title=name.upper(), ceiling=ceiling, is_on=is_on
        ).id

    return make


def in_order(model_id: UUID) -> list[str]:
    return [one.name for one in queries.stand_ins_of(model_id)]


def test_stand_ins_keep_the_order_they_were_chosen_in(made, officer):
    small, big, other = made("small"), made("big"), made("other", "confidential")
    choose_stand_ins(small, [other, big], officer.actor)
    assert in_order(small) == ["other", "big"]
    assert in_order(other) == []
    choose_stand_ins(small, [big, other], officer.actor)
    assert in_order(small) == ["big", "other"]
    choose_stand_ins(small, [], officer.actor)
    assert in_order(small) == []


def test_the_choice_is_in_the_journal(made, officer):
    small, big = made("small"), made("big")
    choose_stand_ins(small, [big], officer.actor)
    entry = JournalEntry.objects.get(action="models.set-stand-ins")
    told = (str(entry.actor), entry.object_kind, entry.object_id)
    assert told == (str(officer.id), "model", str(small))


def test_a_model_approved_for_less_is_refused(made, officer):
    with pytest.raises(Invalid, match="may not be asked everything"):
        choose_stand_ins(made("small", "confidential"), [made("big", "internal")], officer.actor)


def test_a_model_is_not_its_own_stand_in(made, officer):
    small = made("small")
    with pytest.raises(Invalid, match="for itself"):
        choose_stand_ins(small, [small], officer.actor)


def test_a_model_that_is_off_is_refused(made, officer):
    with pytest.raises(Invalid, match="is off"):
        choose_stand_ins(made("small"), [made("big", is_on=False)], officer.actor)


def test_the_same_model_twice_is_refused(made, officer):
    small, big = made("small"), made("big")
    with pytest.raises(Invalid, match="twice"):
        choose_stand_ins(small, [big, big], officer.actor)


def test_more_than_the_most_are_refused(made, officer):
    with pytest.raises(Invalid, match="At most"):
        choose_stand_ins(made("small"), [made(f"big{one}") for one in range(MOST + 1)], officer.actor)


def test_a_model_nobody_knows_is_refused(made, officer):
    with pytest.raises(NotFound):
        choose_stand_ins(made("small"), [new_id()], officer.actor)


def test_a_stand_in_that_is_turned_off_or_lowered_later_is_left_out(made, officer):
    small, big, other = made("small"), made("big"), made("other")
    choose_stand_ins(small, [big, other], officer.actor)
    turn_off(big, officer.actor)
    assert in_order(small) == ["other"]
    set_terms(other, Terms("Other", DataClass.PUBLIC, 500, None, None), officer.actor)
    assert in_order(small) == []


def test_each_model_has_one_name_at_the_api(made):
    elsewhere = Connection.objects.create(kind="openai_compatible", title="Cloud, Ltd.", values={})
    namesake = Connection.objects.create(kind="openai_compatible", title="Cloud (Ltd)", values={})
    alone, here = made("alone"), made("shared")
    there, again = made("shared", of=elsewhere), made("shared", of=namesake)
    assert queries.api_name_of(alone) == "alone"
    assert queries.api_name_of(here) == "shared@house-models"
    assert queries.api_name_of(there) == f"shared@cloud-ltd-{there.hex[-6:]}"
    assert queries.api_name_of(again) == f"shared@cloud-ltd-{again.hex[-6:]}"
    assert queries.api_name_of(made("off", is_on=False)) == ""


def test_a_connection_without_letters_still_has_a_name():
    one, two = new_id(), new_id()
    assert api_names([(one, "m", "…"), (two, "m", "Home")]) == {one: "m@connection", two: "m@home"}
