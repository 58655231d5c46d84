"""Plans from sentences: read without a model where they can be, else proposed by one and held against the table."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from allotment.engine.asking import Message
from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.plan import Figure, Group, Key
from allotment.kernel.errors import Unavailable
from allotment.microapps import planning
from allotment.microapps.planning import Asker, Planned, Wish, plan_for
from allotment.microapps.values import AppDetail
from tests.conftest import Somebody

pytestmark = pytest.mark.django_db

COLUMNS = (Column("Region", ColumnKind.TEXT), Column("Revenue", ColumnKind.NUMBER))
UNCLEAR = "who carries us, moneywise?"
GROUPED = {
    "plan": [
        {"do": "group", "by": [{"column": "Region"}], "figures": [{"figure": "sum", "column": "Revenue"}]}
    ]
}
PLAN = (Group(by=(Key(column="Region"),), figures=(Figure(figure="sum", column="Revenue"),)),)
WRONG_COLUMN = {"plan": [{"do": "sort", "by": [{"column": "Revenu"}]}]}


class Model:
    """Answers one after the other, and remembers what it was asked."""

    def __init__(self, *answers: Mapping[str, Any] | Exception | None) -> None:
        self.answers = list(answers)
        self.asked: list[Sequence[Message]] = []

    def __call__(
        self, _asker: Asker, messages: Sequence[Message], _schema: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        self.asked.append(tuple(messages))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def planned(
    words: str, app: AppDetail, mira: Somebody, model: Model, monkeypatch: pytest.MonkeyPatch
) -> Planned | None:
    monkeypatch.setattr(planning, "_ask", model)
    return plan_for(Wish(words, COLUMNS, {}), Asker(mira.actor, app, "internal"))


def test_a_sentence_that_reads_as_a_plan_needs_no_model(
    app: AppDetail, mira: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model()
    assert planned("revenue per region", app, mira, model, monkeypatch) == Planned(PLAN)
    assert model.asked == []


def test_a_model_proposes_what_cannot_be_read(
    app: AppDetail, mira: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model(GROUPED)
    assert planned(UNCLEAR, app, mira, model, monkeypatch) == Planned(PLAN, is_of_model=True)
    system, user = model.asked[0]
    assert "- Revenue (number)" in system.content
    assert user.content == UNCLEAR


def test_a_model_is_told_once_what_was_wrong(
    app: AppDetail, mira: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model(WRONG_COLUMN, GROUPED)
    assert planned(UNCLEAR, app, mira, model, monkeypatch) == Planned(PLAN, is_of_model=True)
    assert "Did you mean “Revenue”?" in model.asked[1][-1].content


@pytest.mark.parametrize(
    "answers",
    [
        (None,),
        (Unavailable("It is down."),),
        (WRONG_COLUMN, WRONG_COLUMN),
        ({"plan": []}, {"plan": "DROP TABLE"}),
        ({"plan": [{"do": "sql", "text": "SELECT 1"}]}, {}),
    ],
)
def test_what_does_not_fit_is_no_plan(
    app: AppDetail, mira: Somebody, monkeypatch: pytest.MonkeyPatch, answers: tuple[Any, ...]
) -> None:
    assert planned(UNCLEAR, app, mira, Model(*answers), monkeypatch) is None


def test_without_somebody_who_asks_no_model_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model()
    monkeypatch.setattr(planning, "_ask", model)
    assert plan_for(Wish(UNCLEAR, COLUMNS, {}), None) is None
    assert model.asked == []
