"""The checks panel: what it finds, and that its fixes mend exactly that."""

from typing import Any

import pytest

from allotment.engine.spec.app import DataClass
from allotment.engine.spec.reading import from_plain
from allotment.engine.templates import Slot
from allotment.kernel.errors import Invalid
from allotment.microapps import checking, fixing, queries
from allotment.microapps.checks import Check, checks
from allotment.microapps.facts import ModelFacts, Surroundings, TemplateFacts
from allotment.microapps.fixing import fixed
from allotment.microapps.values import AppDetail
from allotment.prompts.models import TemplateVersion
from allotment.prompts.recalling import recall
from tests.conftest import MakePerson, Somebody
from tests.microapps.conftest import MakeApp
from tests.microapps.specs import customer_reply

HERE = ModelFacts("house", "House model", runs_here=True, highest_data_class=DataClass.RESTRICTED)
AWAY = ModelFacts("away", "Away model", runs_here=False, highest_data_class=DataClass.INTERNAL)
TEMPLATES = {
    "sort-into-topics@1": TemplateFacts(
        "sort-into-topics", 1, "Sort into topics", is_usable=True, slots=(Slot("text", "Text"),)
    ),
    "customer-reply@1": TemplateFacts(
        "customer-reply",
        1,
        "Customer reply",
        is_usable=True,
        slots=(Slot("customer_query", "Question"), Slot("industry", "Industry", is_required=False)),
    ),
}
AROUND = Surroundings(TEMPLATES, (HERE, AWAY), usual_model=HERE)


def found(app: AppDetail, around: Surroundings = AROUND, **changes: Any) -> dict[str, Check]:
    return {check.code: check for check in checks(app, from_plain(customer_reply(**changes)), around)}


def test_a_sound_app_lacks_only_a_deputy(app: AppDetail) -> None:
    assert [code for code, check in found(app).items() if check.level != "ok"] == ["deputy"]
    assert found(app)["leaves"].title == "Nothing leaves the building"


def test_a_recalled_template_stops_and_offers_the_approved_version(app: AppDetail) -> None:
    recalled = TemplateFacts("customer-reply", 1, "Customer reply", is_usable=False, newest_usable=3)
    around = Surroundings({**TEMPLATES, "customer-reply@1": recalled}, AROUND.models, HERE)

    check = found(app, around)["template:reply"]

    assert check.level == "stop"
    assert check.fix is not None
    assert check.fix.label == "Use version 3"
    assert fixed(customer_reply(), check.fix.code)["steps"][1]["template"] == "customer-reply@3"


@pytest.mark.parametrize(
    "changes",
    [
        {"form": [*customer_reply()["form"], {"field": "sender", "label": "Sender", "kind": "e-mail"}]},
        {"sample": {"customer_query": "Please write to ada@example.com"}},
    ],
)
def test_undeclared_personal_data_is_found_and_declared_with_one_click(
    app: AppDetail, changes: dict[str, Any]
) -> None:
    check = found(app, **changes)["personal"]

    assert check.level == "warn"
    assert check.fix is not None
    mended = fixed(customer_reply(**changes), check.fix.code)
    assert found(app, **mended)["personal"].level == "ok"


def test_a_model_below_the_data_class_stops_and_offers_another(app: AppDetail) -> None:
    steps = [{**step, "model": "Away model"} for step in customer_reply()["steps"]]
    data = {"class": "restricted"}

    check = found(app, steps=steps, data=data)["ceiling"]

    assert (check.level, check.title) == ("stop", "Away model may not see restricted data")
    assert check.fix is not None
    assert check.fix.label == "Use House model"
    mended = fixed(customer_reply(steps=steps, data=data), check.fix.code)
    assert "ceiling" not in found(app, **mended)


def test_what_goes_elsewhere_is_said_and_weighs_more_with_personal_data(app: AppDetail) -> None:
    around = Surroundings(TEMPLATES, (HERE, AWAY), usual_model=AWAY)

    assert found(app, around)["leaves"].level == "ok"
    assert found(app, around, data={"personal": True})["leaves"].level == "warn"


def test_a_model_that_is_gone_stops(app: AppDetail) -> None:
    steps = [{**step, "model": "Gone"} for step in customer_reply()["steps"]]

    check = found(app, steps=steps)["model"]

    assert check.level == "stop"
    assert check.fix is not None
    assert "model" not in found(app, **fixed(customer_reply(steps=steps), check.fix.code))


def test_without_any_model_the_app_can_still_be_built(app: AppDetail) -> None:
    assert found(app, Surroundings(TEMPLATES))["model"].level == "warn"


def test_an_unused_field_is_taken_out_with_one_click(app: AppDetail) -> None:
    form = [*customer_reply()["form"], {"field": "mood", "label": "Mood"}]

    check = found(app, form=form)["unused:mood"]

    assert check.fix is not None
    assert [one["field"] for one in fixed(customer_reply(form=form), check.fix.code)["form"]] == [
        "customer_query",
        "industry",
    ]


def test_a_field_a_step_needs_is_made_required_with_one_click(app: AppDetail) -> None:
    form = [{**customer_reply()["form"][0], "required": False}, customer_reply()["form"][1]]

    check = found(app, form=form)["required:customer_query"]

    assert check.level == "stop"
    assert check.fix is not None
    mended = fixed(customer_reply(form=form), check.fix.code)
    assert "required:customer_query" not in found(app, **mended)


def test_missing_sample_purpose_and_retention_are_named(app: AppDetail) -> None:
    codes = found(app, sample={}, purpose="", data={"retention": ""})

    assert {codes[code].level for code in ("sample", "purpose", "retention")} == {"warn"}
    fix = codes["retention"].fix
    assert fix is not None
    assert fixed({}, fix.code) == {"data": {"retention": "30 days"}}


def test_what_must_change_comes_first(app: AppDetail) -> None:
    steps = [{**step, "model": "Gone"} for step in customer_reply()["steps"]]
    levels = [check.level for check in checks(app, from_plain(customer_reply(steps=steps)), AROUND)]

    assert levels == sorted(levels, key=["stop", "warn", "ok"].index)


def test_an_unknown_fix_is_refused() -> None:
    for code in ("", "delete-everything", "use-template:reply", "declare-personal:now"):
        with pytest.raises(Invalid, match="not known"):
            fixed(customer_reply(), code)


def test_a_fix_lands_in_the_working_copy_and_nowhere_else(make_app: MakeApp, mira: Somebody) -> None:
    app = make_app()

    fixing.fix(app.id, mira.actor, "declare-personal")

    assert queries.app_for(mira.actor, app.id).data.personal
    assert not queries.version_spec(app.id, 1).data.personal


def test_a_recall_shows_in_the_checks_of_stored_apps(
    make_app: MakeApp, mira: Somebody, person: MakePerson
) -> None:
    app = make_app()
    version = TemplateVersion.objects.get(family__name="customer-reply")
    recall(version.id, person(roles=("steward",)).id, "It promised refunds.")

    stops = [check for check in checking.checks_of_working(app) if check.level == "stop"]

    assert [check.code for check in stops] == ["template:reply"]


def test_a_broken_working_copy_says_what_to_mend(make_app: MakeApp) -> None:
    app = make_app(saved=False, steps="none")

    (check,) = checking.checks_of_working(app)

    assert (check.level, check.code) == ("stop", "problem:steps")
