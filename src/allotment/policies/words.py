"""Plain words for actions, so that a refusal reads as a sentence."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action
from allotment.engine.principals import Role
from allotment.people.roles import role_name

_ACTIONS: dict[Action, Promise] = {
    Action.SIGN_IN: _("sign in"),
    Action.OWN_ACCOUNT: _("manage your account"),
    Action.SEE_HOME: _("see the home page"),
    Action.SEE_GALLERY: _("see the gallery"),
    Action.SEE_APP: _("see this app"),
    Action.MAKE_APP: _("make apps"),
    Action.EDIT_APP: _("edit this app"),
    Action.RUN_APP: _("run this app"),
    Action.PUBLISH_APP: _("publish this app"),
    Action.REVIEW_APP: _("review this app"),
    Action.PARK_APP: _("park this app"),
    Action.SEE_RUN: _("see this run"),
    Action.SEE_RECORDS: _("see the records of this app"),
    Action.CHANGE_RECORDS: _("change the records of this app"),
    Action.SEE_TEMPLATE: _("see the templates"),
    Action.WRITE_TEMPLATE: _("write templates"),
    Action.APPROVE_TEMPLATE: _("approve templates"),
    Action.RECALL_TEMPLATE: _("recall templates"),
    Action.SEE_MODEL: _("see the models"),
    Action.CONNECT_MODEL: _("connect models"),
    Action.ASK_MODEL: _("ask this model"),
    Action.SEE_PEOPLE: _("see the people"),
    Action.MANAGE_PEOPLE: _("manage people"),
    Action.MANAGE_SPACES: _("manage spaces"),
    Action.SEE_POLICIES: _("see the rules"),
    Action.SEE_BUDGETS: _("see the budgets"),
    Action.SET_BUDGETS: _("set budgets"),
    Action.READ_JOURNAL: _("read the journal"),
    Action.USE_KEY: _("use this key"),
    Action.MAKE_KEY: _("make API keys"),
    Action.SEE_KEYS: _("see everybody’s API keys"),
    Action.REVOKE_KEY: _("revoke this key"),
    Action.GRANT_FREE_FORM: _("grant the right to free words"),
    Action.ASK_FREELY: _("ask with words of your own"),
}


def action_words(action: Action) -> str:
    """Return what `action` is called after “you may …”."""
    return str(_ACTIONS[action])


def role_list(roles: Iterable[Role]) -> str:
    """Return the names of roles, separated by commas."""
    return ", ".join(role_name(role) for role in roles)
