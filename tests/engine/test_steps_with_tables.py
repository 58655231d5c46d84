"""Steps that work with tables: what is wrong with them, and how they are told."""

import pytest

from allotment.engine.spec.reading import from_plain
from allotment.engine.spec.sentences import sentences
from allotment.engine.spec.validation import problems_of

FORM = [
    {
        "field": "orders",
        "label": "Orders",
        "kind": "table",
        "columns": [{"column": "Region"}, {"column": "Revenue", "kind": "number"}],
    }
]
REGIONS = {
    "step": "regions",
    "do": "table",
    "from": "form.orders",
    "plan": [
        {"do": "group", "by": [{"column": "Region"}], "figures": [{"figure": "sum", "column": "Revenue"}]},
        {"do": "sort", "by": [{"column": "sum of Revenue", "largest_first": True}]},
    ],
}
CHART = {"step": "picture", "do": "chart", "from": "steps.regions", "kind": "bar", "x": "Region"}
TOPIC = {
    "step": "topic",
    "do": "for each",
    "rows": "form.orders",
    "template": "sort-into-topics@1",
    "with": {"text": "row.Region"},
    "answer": {"choice": ["north", "south"]},
}
SAVE = {"step": "keep", "do": "save", "collection": "regions", "from": "steps.regions"}


def _app(*steps: dict[str, object]) -> dict[str, object]:
    result = [{"show": "table", "from": "steps.regions"}]
    return {
        "allotment": 1,
        "name": "sales",
        "title": "Sales",
        "purpose": "Figures.",
        "form": FORM,
        "steps": list(steps),
        "result": result,
    }


def _told(*steps: dict[str, object]) -> list[str]:
    return [str(problem) for problem in problems_of(_app(*steps))]


def test_whole_steps_have_no_problem() -> None:
    assert _told(REGIONS, CHART, TOPIC, SAVE) == []


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((REGIONS, {**CHART, "x": "Regoin"}), "Did you mean “Region”?"),
        ((REGIONS, {**CHART, "from": "steps.topic"}), "There is no “steps.topic”"),
        ((REGIONS, {**TOPIC, "with": {"text": "row.Regoin"}}), "Did you mean “Region”?"),
        ((REGIONS, {**TOPIC, "with": {"text": "steps.regions"}}), "each row is asked about with texts"),
        ((REGIONS, {**SAVE, "values": {"a": "=b"}}), "Give `values` or `from`, and not both."),
        ((REGIONS, {**SAVE, "from": "", "values": {"a": "steps.regions"}}), "a record holds texts"),
        (({**REGIONS, "plan": [{"do": "sort", "by": [{"column": "Revenu"}]}]},), "Revenue"),
    ],
)
def test_what_does_not_fit_is_told_with_its_remedy(steps: tuple[dict[str, object], ...], words: str) -> None:
    assert words in "\n".join(_told(*steps))


def test_each_step_is_told_in_a_sentence() -> None:
    told = [str(sentence) for sentence in sentences(from_plain(_app(REGIONS, CHART, TOPIC, SAVE)))][1:-1]
    assert told == [
        "Make the regions from Orders; for each Region: sum of Revenue; largest first",
        "Draw the regions as bars",
        "For each row of Orders, sort its Region into one of north · south",
        "Save the rows of the regions to regions",
    ]
