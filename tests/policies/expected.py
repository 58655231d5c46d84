"""The table of who opens which pages, written down once more by hand, so that a slip in a policy shows."""

from allotment.engine.actions import Action
from allotment.engine.principals import Role

C, M, S, R, O, A, X = (  # noqa: E741 - columns of a table
    Role.COLLEAGUE,
    Role.MAKER,
    Role.STEWARD,
    Role.REVIEWER,
    Role.OFFICER,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
)

EVERYONE_SIGNED_IN = {Action.SIGN_IN, Action.OWN_ACCOUNT, Action.SEE_HOME, Action.SEE_GALLERY}

PAGES: dict[Action, set[Role]] = {
    Action.SEE_APP: {C, M, S, R, O, A, X},
    Action.MAKE_APP: {M},
    Action.EDIT_APP: {M},
    Action.RUN_APP: {C, M, S, R, O, X},
    Action.PUBLISH_APP: {M},
    Action.REVIEW_APP: {R},
    Action.PARK_APP: {M, O},
    Action.SEE_RUN: {C, M, S, R, O, A, X},
    Action.SEE_RECORDS: {C, M, S, R, O, A, X},
    Action.CHANGE_RECORDS: {M, O},
    Action.SEE_TEMPLATE: {M, S, R, O, A},
    Action.WRITE_TEMPLATE: {S},
    Action.APPROVE_TEMPLATE: {S},
    Action.RECALL_TEMPLATE: {S, O},
    Action.SEE_MODEL: {M, S, R, O, A, X},
    Action.CONNECT_MODEL: {O, X},
    Action.ASK_MODEL: {C, M, S, R, O, X},
    Action.SEE_PEOPLE: {A, X},
    Action.MANAGE_PEOPLE: {X},
    Action.MANAGE_SPACES: {X},
    Action.SEE_POLICIES: {O, A, X},
    Action.SEE_BUDGETS: {O, A, X},
    Action.SET_BUDGETS: {O, X},
    Action.READ_JOURNAL: {O, A},
    Action.USE_KEY: {C, M, S, R, O, X},
    Action.MAKE_KEY: {C, M, S, R, O, X},
    Action.SEE_KEYS: {O, A, X},
    Action.REVOKE_KEY: {C, M, S, R, O, A, X},
    Action.GRANT_FREE_FORM: {O},
    Action.ASK_FREELY: {C, M, S, R, O, X},
}


def roles_expected_for(action: Action) -> set[Role]:
    """Return the roles that may open the pages of `action`."""
    return set(Role) if action in EVERYONE_SIGNED_IN else PAGES[action]
