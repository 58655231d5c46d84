"""The pages of budgets: what people see of them, and what setting one says and changes."""

import pytest

from allotment.engine.gate.budgets import Measure, Period, Scope, window
from allotment.journal.models import JournalEntry
from allotment.kernel import clock
from allotment.kernel.errors import Invalid, NotAllowed
from allotment.policies.budgets.in_force import plant_first_budgets, rules_in_force
from allotment.policies.budgets.setting import NewBudget, remove_budget, set_budget
from allotment.policies.models import Budget, BudgetUse

pytestmark = pytest.mark.django_db
TOKENS_A_DAY = {"what": "tokens/day", "limit": "50000", "ask": "administrator", "reason": "Agreed on Monday."}


@pytest.fixture(autouse=True)
def planted(db):
    plant_first_budgets()


def use(somebody, tokens):
    now = clock.now().replace(microsecond=0)
    BudgetUse.objects.create(
        key=f"use-{somebody.id}",
        scope="person",
        object=str(somebody.id),
        measure="tokens",
        period="day",
        start=window(Period.DAY, now)[0],
        granted=tokens,
    )


def tokens_a_day():
    return Budget.objects.get(scope="person", object="", measure="tokens", ended_at=None)


def test_budgets_show_what_is_used_nearest_to_the_limit_first(client, signed_in, person):
    use(person(name="Mira Patel"), 410_000)
    use(person(name="Lena Fischer"), 3_000)
    signed_in(client, roles=("auditor",))
    page = client.get("/policies/budgets/").content.decode()
    assert "Near the limit" in page
    assert "410,000 of 500,000 tokens" in page
    assert page.index("Mira Patel") < page.index("Lena Fischer")
    assert 'width="82"' in page
    assert "Set a budget" not in page


def test_a_kind_without_budgets_says_what_that_means(client, signed_in):
    signed_in(client, roles=("officer",))
    assert "No budget of this kind" in client.get("/policies/budgets/", {"for": "model"}).content.decode()


def test_everybody_sees_what_they_may_use_and_nobody_elses(client, signed_in, person):
    use(person(name="Lena Fischer"), 3_000)
    mira = signed_in(client, roles=("maker",), name="Mira Patel")
    use(mira, 12_345)
    page = client.get("/policies/budgets/mine/").content.decode()
    assert "12,345 of 500,000 tokens" in page
    assert "3,000" not in page
    assert client.get("/policies/budgets/").status_code == 403


def test_setting_a_budget_by_name_says_what_held_before(client, signed_in, person):
    lena = person(name="Lena Fischer")
    boss = signed_in(client, roles=("administrator",))
    answer = client.post(
        "/policies/budgets/new/person/",
        {**TOKENS_A_DAY, "object": str(lena.id), "ask": str(boss.id)},
        follow=True,
    )
    page = answer.content.decode()
    assert "From now on: 50,000 tokens a day for Lena Fischer. Before: 500,000 tokens a day." in page
    assert "Agreed on Monday." in page
    assert f"ask {boss.name} (administrator)" in page
    rule = dict(rules_in_force().of_object(Scope.PERSON, str(lena.id)))
    assert 50_000 in {one.limit for one in rule.values()}


def test_changing_a_budget_keeps_who_set_what_and_why(client, signed_in):
    signed_in(client, roles=("officer",), name="Noor Haddad")
    row = tokens_a_day()
    form = client.get(f"/policies/budgets/{row.id}/change/").content.decode()
    assert 'value="500000"' in form
    page = client.post(
        f"/policies/budgets/{row.id}/change/",
        {"limit": "600000", "ask": "officer", "reason": "More work."},
        follow=True,
    ).content.decode()
    assert "From now on: 600,000 tokens a day for each person. Before: 500,000 tokens a day." in page
    assert "Noor Haddad" in page
    assert "What Allotment begins with" in page
    assert "ask an officer" in page
    entry = JournalEntry.objects.filter(action="budgets.set", object_id=str(tokens_a_day().id)).get()
    assert entry is not None


def test_money_is_set_in_dollars(client, signed_in):
    signed_in(client, roles=("officer",))
    client.post(
        "/policies/budgets/new/organisation/", {**TOKENS_A_DAY, "what": "money/day", "limit": "12.50"}
    )
    assert Budget.objects.get(scope="organisation", period="day").limit == 12_500_000_000


def test_an_empty_limit_allows_any_number(client, signed_in):
    signed_in(client, roles=("officer",))
    page = client.post(
        "/policies/budgets/new/person/", {**TOKENS_A_DAY, "object": "each", "limit": ""}, follow=True
    ).content.decode()
    assert "any number of tokens" in page
    assert tokens_a_day().limit is None


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"limit": "1.5"}, "Only whole numbers"),
        ({"limit": "-1"}, "greater than or equal to 0"),
        ({"reason": ""}, "This field is required"),
        ({"what": "money/minute"}, "Select a valid choice"),
        ({"object": "nobody"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_set_comes_back_with_words(client, signed_in, changed, words):
    signed_in(client, roles=("officer",))
    before = rules_in_force().revision
    answer = client.post("/policies/budgets/new/person/", {**TOKENS_A_DAY, "object": "each", **changed})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert rules_in_force().revision == before


def test_removing_needs_a_reason_and_says_what_holds_then(client, signed_in):
    signed_in(client, roles=("officer",))
    row = tokens_a_day()
    remove = f"/policies/budgets/{row.id}/remove/"
    assert "The reason is missing." in client.post(remove, {"reason": " "}, follow=True).content.decode()
    page = client.post(remove, {"reason": "Too strict."}, follow=True).content.decode()
    assert "Removed: 500,000 tokens a day for each person. From now on: no limit." in page
    assert client.post(remove, {"reason": "Again."}).status_code == 404


def test_auditors_see_a_budget_but_cannot_set_one(client, signed_in):
    signed_in(client, roles=("auditor",))
    row = tokens_a_day()
    assert "Change it" not in client.get(f"/policies/budgets/{row.id}/").content.decode()
    assert client.post(f"/policies/budgets/{row.id}/remove/", {"reason": "No."}).status_code == 403


def test_setting_asks_the_rules_itself(person):
    maker = person(roles=("maker",)).actor
    new = NewBudget(Scope.PERSON, "", Measure.TOKENS, Period.DAY, 1, "Why not.")
    with pytest.raises(NotAllowed):
        set_budget(maker, new)
    with pytest.raises(NotAllowed):
        remove_budget(maker, tokens_a_day().id, "Why not.")


def test_money_by_the_minute_is_refused(person):
    new = NewBudget(Scope.PERSON, "", Measure.MONEY, Period.MINUTE, 1, "Why not.")
    with pytest.raises(Invalid):
        set_budget(person(roles=("officer",)).actor, new)


def test_a_kind_that_does_not_exist_is_not_found(client, signed_in):
    signed_in(client, roles=("officer",))
    assert client.get("/policies/budgets/new/planet/").status_code == 404
