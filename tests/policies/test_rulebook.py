"""Reading policies: a rulebook exists only when everything about it holds."""

import json

import pytest
from cedarpy import pst

from allotment.engine.actions import Action
from allotment.journal.models import JournalEntry
from allotment.journal.recording import note
from allotment.kernel.errors import Misconfigured
from allotment.policies import rulebook

SCHEMA = (
    "entity Person { person: String, roles: Set<String>, spaces: Set<String> }; entity Installation;"
    'action "apps.make" appliesTo { principal: Person, resource: Installation };'
)
GOOD = '@id("make") @sentence("Everyone may make apps.") permit (principal, action, resource);'


def test_a_rule_carries_its_words_and_its_text() -> None:
    (rule,) = rulebook.read({"apps": GOOD}, SCHEMA).rules.values()
    assert (rule.id, rule.effect, rule.sentence) == ("make", "permit", "Everyone may make apps.")
    assert (rule.group, rule.source) == ("apps", GOOD)


def test_the_default_policies_fit_their_schema() -> None:
    assert len(rulebook.installed().rules) > 20


def test_a_rule_for_every_action_stands_in_every_slice() -> None:
    everything = (
        GOOD.replace('"make"', '"all"')
        .replace("permit", "forbid")
        .replace(") forbid", ') @remedy("Wait.") forbid')
    )
    named = GOOD.replace("action,", 'action == Action::"apps.make",')
    book = rulebook.read({"apps": f"{named}\n{everything}"}, SCHEMA)
    assert _slice(book, Action.MAKE_APP) == {"make", "all"}
    assert _slice(book, Action.RUN_APP) == {"all"}


def test_a_rule_about_another_kind_stands_in_no_slice() -> None:
    for scope in ("principal is Person", "resource is Installation"):
        name = scope.partition(" ")[0]
        book = rulebook.read({"apps": GOOD.replace(name, scope)}, SCHEMA)
        assert _slice(book, Action.MAKE_APP) == {"make"}
        assert _slice(book, Action.MAKE_APP, "Anonymous", "App") == set()


def test_a_scope_that_names_one_person_is_still_asked_of_each_question() -> None:
    book = rulebook.read({"apps": GOOD.replace("principal", 'principal == Person::"mira"')}, SCHEMA)
    (policy,) = (
        rulebook.policies_for(book, "apps.make", "Person", "Installation").to_pst().static_policies.values()
    )
    assert isinstance(policy.principal, pst.ScopeEq)


def _slice(
    book: rulebook.Rulebook, action: Action, who: str = "Person", what: str = "Installation"
) -> set[str]:
    policies = rulebook.policies_for(book, action.value, who, what).to_pst().static_policies
    return {policy.annotations["id"] for policy in policies.values()}


def test_a_group_of_actions_is_refused() -> None:
    schema = SCHEMA.replace('action "apps.make"', 'action "writing"; action "apps.make" in ["writing"]')
    with pytest.raises(Misconfigured) as refused:
        rulebook.read({"apps": GOOD.replace("action,", 'action in Action::"writing",')}, schema)
    assert "writing" in refused.value.message


def test_every_default_rule_that_forbids_says_what_to_do() -> None:
    assert all(bool(rule.remedy) is (rule.effect == "forbid") for rule in rulebook.installed().rules.values())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace(";", ""), "cannot be read"),
        (GOOD.replace('@sentence("Everyone may make apps.")', ""), "lacks words"),
        (GOOD.replace("permit", "forbid"), "lacks words"),
        (GOOD + "\n" + GOOD, "share one id"),
        (GOOD.replace(";", " when { principal.shoe == 4 };"), "do not fit their schema"),
        (GOOD.replace("action,", 'action == Action::"apps.eat",'), "do not fit their schema"),
        (GOOD + GOOD, "one permit or forbid"),
    ],
    ids=["torn", "no sentence", "no remedy", "same id", "unknown fact", "unknown action", "two in one"],
)
def test_a_policy_that_is_not_right_is_refused_whole(text: str, words: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        rulebook.read({"apps": text}, SCHEMA)
    assert words in f"{refused.value.message} {refused.value.hint}"


def test_a_schema_that_is_not_right_is_refused() -> None:
    with pytest.raises(Misconfigured):
        rulebook.read({"apps": GOOD}, "entity Person {")


def test_the_version_changes_with_every_letter_of_the_rules_and_their_schema() -> None:
    book = rulebook.read({"apps": GOOD}, SCHEMA)
    assert len(book.version) == 12
    assert book.version == rulebook.read({"apps": GOOD}, SCHEMA).version
    assert book.version != rulebook.read({"apps": GOOD.replace("may make", "can make")}, SCHEMA).version
    assert book.version != rulebook.read({"apps": GOOD}, f"{SCHEMA} entity Space;").version


@pytest.mark.django_db
def test_every_entry_of_the_journal_names_the_rules_in_force() -> None:
    note("apps.make", actor=None, object_kind="app", object_id="1")
    body = json.loads(JournalEntry.objects.latest("ticket").body)
    assert body["policy_version"] == rulebook.installed().version


def test_rules_that_cannot_be_read_have_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> rulebook.Rulebook:
        raise Misconfigured("line 3 is torn off")

    monkeypatch.setattr(rulebook, "installed", broken)
    assert rulebook.installed_version() == ""
