"""From a sentence to an app: the nearest starter, the model's plan mended, and the words for both."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.engine.asking import Message
from allotment.engine.principals import Actor, Role
from allotment.engine.spec.reading import from_plain
from allotment.engine.spec.validation import problems
from allotment.engine.templates import Slot
from allotment.kernel.errors import Unavailable
from allotment.microapps import describing
from allotment.microapps.checking import problems_of
from allotment.microapps.drafting_model import ModelDrafter, plan_schema
from allotment.microapps.drafting_nearest import NearestDrafter, rank
from allotment.microapps.facts import TemplateFacts
from allotment.microapps.mending import app_from
from allotment.microapps.starters import Starter, all_starters
from allotment.microapps.wording import purpose_from, title_from
from allotment.prompts.starting import plant_library
from tests.conftest import Somebody
from tests.microapps.specs import customer_reply

MAIN_JOB = "I need a tool that writes polite replies to customers' questions and sorts them by topic"

MIRA = Actor(UUID(int=7), "Mira", frozenset({Role.MAKER}))

TEMPLATES = (
    TemplateFacts(
        "customer-reply",
        2,
        "Customer reply",
        is_usable=True,
        slots=(Slot("customer_query", "Question"), Slot("industry", "Industry", is_required=False)),
    ),
    TemplateFacts(
        "sort-into-topics",
        1,
        "Sort into topics",
        is_usable=True,
        slots=(Slot("text", "Text"), Slot("choices", "Topics", kind="list")),
    ),
)
PLAN = {
    "title": "Answer customers",
    "purpose": "Draft replies.",
    "holds_personal_data": True,
    "fields": [
        {
            "name": "question",
            "label": "Question",
            "kind": "long text",
            "required": True,
            "options": [],
            "example": "Hi",
        }
    ],
    "steps": [
        {
            "name": "topic",
            "template": "sort-into-topics@1",
            "slots": [{"slot": "text", "source": "question"}],
            "labels": ["card", "other"],
        },
        {
            "name": "reply",
            "template": "customer-reply@2",
            "slots": [{"slot": "customer_query", "source": "form.question"}],
            "labels": [],
        },
    ],
}


def a_starter(name: str, outcome: str, *keywords: str) -> Starter:
    app = from_plain(customer_reply(name=name, title=name.replace("-", " ").capitalize(), purpose=outcome))
    return Starter(name, outcome, "writing", keywords, 1, app)


STARTERS = (
    a_starter("customer-reply", "Question in, polite draft and topic out.", "customer", "reply", "support"),
    a_starter("minutes-to-actions", "Meeting notes in; who does what by when out.", "meeting", "actions"),
    a_starter("sort-this-inbox", "Each message gets a topic and a team.", "inbox", "sort", "triage"),
)


@pytest.mark.parametrize(
    ("need", "name"),
    [
        (MAIN_JOB, "customer-reply"),
        ("answer client enquiries", "customer-reply"),
        ("Turn our meeting notes into a to-do list", "minutes-to-actions"),
        ("who has to do what after the protocol", "minutes-to-actions"),
        ("classify incoming e-mails", "sort-this-inbox"),
    ],
)
def test_the_nearest_starter_is_found_in_other_words(need: str, name: str) -> None:
    assert rank(need, STARTERS)[0].starter.name == name


@given(st.text(max_size=200))
def test_any_sentence_gets_a_whole_app(need: str) -> None:
    proposal = NearestDrafter(STARTERS).propose(need, MIRA)

    assert problems(from_plain(customer_reply(title=proposal.app.title, purpose=proposal.app.purpose))) == ()
    assert proposal.starter not in proposal.near


@pytest.mark.parametrize(
    ("need", "title"),
    [
        (MAIN_JOB, "Write polite replies to customers' questions"),
        ("Something that translates letters", "Translate letters"),
        ("please make me an app to summarise contracts", "Summarise contracts"),
        ("Turn meeting notes into actions", "Turn meeting notes into actions"),
        ("We want a bot which classifies tickets, drafts answers", "Classify tickets, draft answers"),
    ],
)
def test_a_title_is_taken_from_the_sentence(need: str, title: str) -> None:
    assert title_from(need) == title


@pytest.mark.parametrize(
    ("need", "name"),
    [
        (MAIN_JOB, "reply-to-a-customer"),
        ("turn meeting notes into a to-do list", "minutes-to-actions"),
        ("summarise contracts", "summarise-a-document"),
        ("something for angry customers", "answer-a-complaint"),
        ("tell me if reviews are positive or negative", "mood-of-feedback"),
    ],
)
def test_the_starters_that_ship_are_found(need: str, name: str) -> None:
    assert rank(need, all_starters())[0].starter.name == name


def test_the_purpose_keeps_the_whole_sentence() -> None:
    assert purpose_from(MAIN_JOB) == "Write polite replies to customers' questions and sort them by topic."


def test_a_plan_becomes_an_app_wired_to_its_form() -> None:
    app = app_from(PLAN, MAIN_JOB, TEMPLATES)

    assert app is not None
    assert problems(app) == ()
    assert [shown.show for shown in app.result] == ["text", "label"]
    assert app.data.personal


def test_unknown_templates_slots_and_names_are_mended() -> None:
    plan = {
        "title": "",
        "fields": [
            {"name": "Customer Query!", "label": "What they wrote", "kind": "essay"},
            {"name": "tone", "label": "Tone", "kind": "choice", "options": ["warm"]},
        ],
        "steps": [
            {
                "name": "Reply",
                "template": "customer_replies@9",
                "slots": [{"slot": "customer_query", "source": "gone"}],
            }
        ],
    }

    app = app_from(plan, MAIN_JOB, TEMPLATES)

    assert app is not None
    assert app.title == "Write polite replies to customers' questions"
    (step,) = app.steps
    assert (step.template, step.with_) == ("customer-reply@2", {"customer_query": "form.customer_query"})  # type: ignore[union-attr]
    assert app.form[0].required
    assert problems(app) == ()


_SCRAPS = st.recursive(
    st.none()
    | st.booleans()
    | st.text(max_size=20)
    | st.sampled_from(["customer-reply@2", "choice", "form.x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "title",
                    "fields",
                    "steps",
                    "name",
                    "label",
                    "kind",
                    "options",
                    "template",
                    "slots",
                    "labels",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["title", "purpose", "fields", "steps"]), _SCRAPS))
def test_whatever_a_model_says_ends_in_a_whole_app_or_in_none(plan: dict[str, Any]) -> None:
    app = app_from(plan, "Sort letters", TEMPLATES)

    assert app is None or problems(app) == ()


def drafter(answer: Mapping[str, Any] | Exception | None) -> ModelDrafter:
    def ask(actor: Actor, messages: Sequence[Message], schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
        assert schema == plan_schema(TEMPLATES)
        assert actor is MIRA
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ModelDrafter(ask, lambda: TEMPLATES, problems, NearestDrafter(STARTERS))


def test_a_capable_model_proposes_and_starters_are_offered_beside() -> None:
    proposal = drafter(PLAN).propose(MAIN_JOB, MIRA)

    assert proposal is not None
    assert (proposal.how, proposal.app.title, proposal.near[0]) == (
        "model",
        "Answer customers",
        "customer-reply",
    )


@pytest.mark.parametrize("answer", [None, {}, {"fields": [], "steps": []}, Unavailable("It is down.")])
def test_without_a_usable_plan_the_nearest_starter_is_filled_in(answer: Any) -> None:
    proposal = drafter(answer).propose(MAIN_JOB, MIRA)

    assert proposal is not None
    assert (proposal.how, proposal.starter) == ("starter", "customer-reply")


@pytest.mark.django_db
def test_describing_makes_a_private_draft(mira: Somebody) -> None:
    drafted = describing.describe(mira.actor, MAIN_JOB)

    assert drafted.proposal.starter == "reply-to-a-customer"
    assert drafted.app.title == "Write polite replies to customers' questions"
    assert len(drafted.app.near_starters) == 3


@pytest.mark.parametrize("need", ["", "   ", "x" * 1001])
def test_an_empty_or_endless_sentence_is_refused(need: str) -> None:
    with pytest.raises(Exception, match=r"sentence|longer") as refused:
        describing.propose(need, MIRA)
    assert refused.value.hint  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_every_starter_that_ships_is_whole_with_the_templates_that_ship() -> None:
    plant_library()
    assert len(all_starters()) >= 12
    for starter in all_starters():
        assert problems_of(starter.app) == (), starter.name
        assert starter.keywords
        assert starter.name == starter.app.name
