"""Who may do what: the table of roles, then each rule about one object, then everything that must fail closed."""

import re
from uuid import UUID, uuid4

import pytest

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, AttributeValue, Resource, Role
from allotment.kernel.errors import Misconfigured, NotAllowed
from allotment.policies import deciding, evaluating, rulebook
from allotment.policies.deciding import INSTALLATION, decide, decide_by, require, roles_that_may
from allotment.policies.gatekeeping import CedarAuthoriser
from allotment.policies.words import action_words
from tests.policies.expected import EVERYONE_SIGNED_IN, PAGES, roles_expected_for

SERVICE_DESK, FINANCE = uuid4(), uuid4()
MIRA, ARON = uuid4(), uuid4()


def actor(*roles: str, who: UUID = MIRA, spaces: tuple[UUID, ...] = (SERVICE_DESK,)) -> Actor:
    return Actor(who, "Mira", frozenset(Role(role) for role in roles), frozenset(spaces))


def app(**changes: AttributeValue) -> Resource:
    attributes: dict[str, AttributeValue] = {
        "owner": str(ARON),
        "audience": "me",
        "state": "published",
        "data_class": "internal",
    }
    return Resource("App", "1", attributes | changes)


def template(**changes: AttributeValue) -> Resource:
    return Resource("Template", "1", {"author": str(ARON), "state": "proposed"} | changes)


def model(**changes: AttributeValue) -> Resource:
    return Resource(
        "Model", "1", {"name": "m", "runs_here": True, "highest_data_class": "internal"} | changes
    )


def run(**changes: AttributeValue) -> Resource:
    return Resource("Run", "1", {"person": str(ARON), "app_owner": str(ARON)} | changes)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_every_role_opens_exactly_the_pages_of_its_work(role: Role, action: Action) -> None:
    assert decide(actor(role), action).allowed is (role in roles_expected_for(action))


@pytest.mark.parametrize("action", Action)
def test_someone_without_a_role_only_sees_home_gallery_and_their_account(action: Action) -> None:
    assert decide(actor(), action).allowed is (action in EVERYONE_SIGNED_IN)


@pytest.mark.parametrize("action", Action)
def test_someone_not_signed_in_may_only_sign_in(action: Action) -> None:
    assert decide(None, action).allowed is (action is Action.SIGN_IN)


def test_the_table_of_this_test_speaks_of_every_action() -> None:
    assert set(PAGES) | EVERYONE_SIGNED_IN == set(Action)


def test_the_schema_and_the_list_of_actions_agree() -> None:
    text = (rulebook._HERE / "schema.cedarschema").read_text(encoding="utf-8")
    declared = re.findall(r'"([a-z-]+\.[a-z-]+)"', text)
    assert sorted(declared) == sorted(action.value for action in Action)


@pytest.mark.parametrize("action", Action)
def test_every_action_has_words(action: Action) -> None:
    assert action_words(action)


def test_a_permit_names_the_rule_and_its_sentence() -> None:
    decision = decide(actor("maker"), Action.MAKE_APP)
    assert (decision.policies, decision.reason) == (("make-apps",), "Makers may make apps.")


def test_a_refusal_names_the_roles_that_help() -> None:
    decision = decide(actor("colleague"), Action.CONNECT_MODEL)
    assert decision.reason == "Your roles do not let you connect models."
    assert decision.remedy == "Ask an administrator for one of these roles: Officer, Administrator."


def test_require_raises_the_sentence_and_the_remedy() -> None:
    with pytest.raises(NotAllowed) as refused:
        require(actor("steward"), Action.APPROVE_TEMPLATE, template(author=str(MIRA)))
    assert refused.value.message == "Nobody approves a template version they wrote."
    assert refused.value.hint == "Ask another steward to look at it."
    assert refused.value.policy == "no-approval-by-author"


def test_the_gate_gets_the_same_answer() -> None:
    assert CedarAuthoriser().decide(actor("maker"), Action.MAKE_APP, INSTALLATION, {}).allowed


USE = (Action.SEE_APP, Action.RUN_APP)


@pytest.mark.parametrize("action", USE)
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"audience": "organisation"}, True),
        ({"audience": "public link"}, True),
        ({"audience": "space", "space": str(SERVICE_DESK)}, True),
        ({"audience": "space", "space": str(FINANCE)}, False),
        ({"audience": "space"}, False),
        ({"audience": "named people", "named": frozenset({str(MIRA)})}, True),
        ({"audience": "named people", "named": frozenset({str(ARON)})}, False),
        ({"audience": "me"}, False),
        ({"audience": "organisation", "state": "draft"}, False),
        ({"audience": "organisation", "state": "in review"}, False),
        ({"audience": "organisation", "state": "parked"}, False),
    ],
)
def test_colleagues_use_published_apps_shared_with_them(
    action: Action, changes: dict[str, AttributeValue], expected: bool
) -> None:
    assert decide(actor("colleague"), action, app(**changes)).allowed is expected


@pytest.mark.parametrize("looked_after", [{"owner": str(MIRA)}, {"deputy": str(MIRA)}])
@pytest.mark.parametrize("action", [Action.EDIT_APP, Action.RUN_APP, Action.PUBLISH_APP, Action.PARK_APP])
def test_makers_tend_their_own_drafts(action: Action, looked_after: dict[str, AttributeValue]) -> None:
    assert decide(actor("maker"), action, app(state="draft", **looked_after)).allowed


@pytest.mark.parametrize("action", [Action.EDIT_APP, Action.RUN_APP, Action.PUBLISH_APP, Action.PARK_APP])
def test_makers_leave_the_drafts_of_others_alone(action: Action) -> None:
    assert not decide(actor("maker"), action, app(state="draft")).allowed


@pytest.mark.parametrize("state", ["parked", "retired"])
def test_parked_apps_rest_even_for_their_owner(state: str) -> None:
    decision = decide(actor("maker"), Action.RUN_APP, app(state=state, owner=str(MIRA)))
    assert decision.policies == ("parked-apps-rest",)


@pytest.mark.parametrize("action", [Action.RUN_APP, Action.PUBLISH_APP])
def test_prohibited_apps_stay_closed(action: Action) -> None:
    decision = decide(actor("maker"), action, app(owner=str(MIRA), tier="prohibited"))
    assert decision.policies == ("prohibited-apps-stay-closed",)


def test_reviewers_review_apps_of_others_but_no_drafts() -> None:
    assert decide(actor("reviewer"), Action.REVIEW_APP, app(state="in review")).allowed
    assert not decide(actor("reviewer"), Action.REVIEW_APP, app(state="draft")).allowed


@pytest.mark.parametrize("looked_after", [{"owner": str(MIRA)}, {"deputy": str(MIRA)}])
def test_nobody_reviews_an_app_they_look_after(looked_after: dict[str, AttributeValue]) -> None:
    decision = decide(actor("reviewer"), Action.REVIEW_APP, app(state="in review", **looked_after))
    assert decision.policies == ("no-review-by-owner",)


def test_auditors_see_every_app_and_run_none() -> None:
    assert decide(actor("auditor"), Action.SEE_APP, app(state="draft")).allowed
    assert not decide(actor("auditor"), Action.RUN_APP, app(audience="organisation")).allowed


def test_a_steward_approves_what_another_wrote() -> None:
    assert decide(actor("steward"), Action.APPROVE_TEMPLATE, template()).allowed


@pytest.mark.parametrize(
    ("roles", "changes", "content", "expected"),
    [
        (("colleague",), {"person": str(MIRA)}, True, True),
        (("colleague",), {}, True, False),
        (("maker",), {"app_owner": str(MIRA)}, True, False),
        (("maker",), {"app_owner": str(MIRA)}, False, True),
        (("officer",), {}, True, False),
        (("officer",), {}, False, True),
        (("administrator",), {}, True, False),
        (("administrator",), {}, False, False),
        (("auditor",), {}, True, True),
    ],
)
def test_what_was_written_in_a_run_is_seen_by_its_person_and_auditors(
    roles: tuple[str, ...], changes: dict[str, AttributeValue], content: bool, expected: bool
) -> None:
    assert decide(actor(*roles), Action.SEE_RUN, run(**changes), {"content": content}).allowed is expected


def test_a_run_is_taken_with_its_content_unless_said_otherwise() -> None:
    assert not decide(actor("officer"), Action.SEE_RUN, run()).allowed


CLASSES = ("public", "internal", "confidential", "restricted")


@pytest.mark.parametrize("highest", CLASSES)
@pytest.mark.parametrize("asked", CLASSES)
def test_a_model_is_asked_up_to_its_highest_data_class(asked: str, highest: str) -> None:
    decision = decide(
        actor("colleague"), Action.ASK_MODEL, model(highest_data_class=highest), {"data_class": asked}
    )
    assert decision.allowed is (CLASSES.index(highest) >= CLASSES.index(asked))


def test_restricted_data_stays_here() -> None:
    away = model(highest_data_class="restricted", runs_here=False)
    decision = decide(actor("colleague"), Action.ASK_MODEL, away, {"data_class": "restricted"})
    assert decision.policies == ("restricted-data-stays-here",)
    assert decide(actor("colleague"), Action.ASK_MODEL, away, {"data_class": "confidential"}).allowed


@pytest.mark.parametrize("context", [{}, {"data_class": "secret"}])
def test_an_unknown_data_class_goes_to_no_model(context: dict[str, AttributeValue]) -> None:
    assert not decide(
        actor("maker"), Action.ASK_MODEL, model(highest_data_class="restricted"), context
    ).allowed


@pytest.mark.parametrize(
    ("resource", "context"),
    [
        (Resource("App", "1", {"owner": str(MIRA)}), {}),
        (app(owner=7), {}),
        (app(colour="green"), {}),
        (Resource("Banana", "1"), {}),
        (Resource("Template", "1", {"author": "", "state": "draft"}), {}),
        (app(owner=str(MIRA)), {"colour": "green"}),
    ],
    ids=[
        "missing fact",
        "wrong kind of fact",
        "unknown fact",
        "unknown thing",
        "wrong thing",
        "unknown context",
    ],
)
def test_facts_that_do_not_fit_the_schema_are_a_no(
    resource: Resource, context: dict[str, AttributeValue]
) -> None:
    decision = decide(actor("maker"), Action.EDIT_APP, resource, context)
    assert not decision.allowed
    assert decision.reason == "Whether you may edit this app could not be decided, so the answer is no."
    assert str(MIRA) not in decision.remedy


def test_a_fact_that_changes_is_decided_anew() -> None:
    shared = app(audience="organisation")
    assert decide(actor("colleague"), Action.RUN_APP, shared).allowed
    assert not decide(
        actor("colleague"), Action.RUN_APP, app(audience="organisation", state="parked")
    ).allowed
    assert not decide(actor("auditor"), Action.RUN_APP, shared).allowed
    assert not decide(actor("colleague"), Action.RUN_APP, app()).allowed


def test_the_facts_of_a_thing_hold_still() -> None:
    facts: dict[str, AttributeValue] = {"owner": str(ARON)}
    thing = Resource("App", "1", facts)
    facts["owner"] = str(MIRA)
    assert thing.attributes["owner"] == str(ARON)
    assert thing.facts == f'{{"owner":"{ARON}"}}'


def test_a_kept_yes_is_no_yes_for_a_fact_of_another_kind() -> None:
    here, asked = {"highest_data_class": "restricted"}, {"data_class": "restricted"}
    assert decide(actor("maker"), Action.ASK_MODEL, model(runs_here=True, **here), asked).allowed
    confused = decide(actor("maker"), Action.ASK_MODEL, model(runs_here=1, **here), asked)
    assert confused.is_undecided


def test_what_is_kept_is_bounded() -> None:
    assert evaluating.answer.cache_info().maxsize == 16_384
    assert evaluating._together.cache_info().maxsize == 8_192


@pytest.mark.parametrize("role", Role)
def test_the_gate_hears_what_everyone_hears(role: Role) -> None:
    for resource in (app(audience="organisation"), app(state="parked"), Resource("Banana", "1")):
        told = CedarAuthoriser().decide(actor(role), Action.RUN_APP, resource, {})
        assert told == decide(actor(role), Action.RUN_APP, resource)


def test_an_error_while_evaluating_is_a_no() -> None:
    book = rulebook.read(
        {
            "trial": """
            @id("all") @sentence("Everyone may do everything.") permit (principal, action, resource);
            @id("odd") @sentence("Overflows.") @remedy("None.")
            forbid (principal, action, resource) when { 9223372036854775807 + context.amount > 0 };
            """.replace("            @id", "@id")
        },
        "entity Person { person: String, roles: Set<String>, spaces: Set<String> }; entity Installation;"
        'action "apps.make" appliesTo { principal: Person, resource: Installation, context: { amount: Long } };',
    )
    assert decide_by(book, actor(), Action.MAKE_APP, INSTALLATION, {"amount": -1}).policies == ("odd",)
    assert decide_by(book, actor(), Action.MAKE_APP, INSTALLATION, {"amount": 1}).policies == ()
    assert not decide_by(book, actor(), Action.MAKE_APP, INSTALLATION, {"amount": 1}).allowed


def test_rules_that_cannot_be_read_allow_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> rulebook.Rulebook:
        raise Misconfigured("line 3 is torn off")

    monkeypatch.setattr(deciding.rulebook, "installed", broken)
    decision = decide(actor("administrator"), Action.SIGN_IN)
    assert not decision.allowed
    assert decision.reason == "The rules of this installation cannot be read, so nothing is allowed."
    assert "line 3 is torn off" in decision.remedy
    assert CedarAuthoriser().decide(actor("administrator"), Action.SIGN_IN, INSTALLATION, {}) == decision


def test_roles_that_may_is_read_from_the_rules() -> None:
    assert roles_that_may(rulebook.installed(), Action.MANAGE_PEOPLE) == (Role.ADMINISTRATOR,)
