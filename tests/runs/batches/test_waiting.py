"""What a batch waits for is told on its page, and lies in the clear: in words without anybody's name."""

from uuid import UUID

from allotment.engine.gate.budgets import Measure, Period, Scope
from allotment.engine.principals import Role
from allotment.policies.budgets.setting import NewBudget, set_budget
from allotment.runs.batches import finishing
from tests.conftest import MakePerson, Somebody
from tests.runs.batches.test_batches import begin, rows_of, until


def test_whoever_used_up_their_own_budget_is_not_named(
    app: UUID, colleague: Somebody, person: MakePerson
) -> None:
    officer = person(roles=[Role.OFFICER]).actor
    set_budget(
        officer, NewBudget(Scope.PERSON, str(colleague.id), Measure.CALLS, Period.MINUTE, 0, "Not now.")
    )
    batch = begin(colleague, app, rows_of(2))
    found = until(colleague, batch, lambda found: bool(found.waits_for))
    finishing.cancel(batch, colleague.id)
    assert found.waits_for == "The budget for you allows nothing: 0 questions a minute."
