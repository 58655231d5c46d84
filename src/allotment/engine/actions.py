"""The closed list of governed actions. Every route names one; policies permit them; the journal records them.

Names are `<thing>.<verb>`. The Cedar action is the same word: `Action::"apps.run"`.
"""

from enum import StrEnum


class Action(StrEnum):
    """A governed action."""

    # Anyone, signed in or not.
    SIGN_IN = "account.sign-in"
    # Any signed-in person, about themselves.
    OWN_ACCOUNT = "account.manage"
    SEE_HOME = "home.see"
    SEE_GALLERY = "gallery.see"

    SEE_APP = "apps.see"
    MAKE_APP = "apps.make"
    EDIT_APP = "apps.edit"
    RUN_APP = "apps.run"
    PUBLISH_APP = "apps.publish"
    REVIEW_APP = "apps.review"
    PARK_APP = "apps.park"

    SEE_RUN = "runs.see"

    SEE_RECORDS = "records.see"
    CHANGE_RECORDS = "records.change"

    SEE_TEMPLATE = "templates.see"
    WRITE_TEMPLATE = "templates.write"
    APPROVE_TEMPLATE = "templates.approve"
    RECALL_TEMPLATE = "templates.recall"

    SEE_MODEL = "models.see"
    CONNECT_MODEL = "models.connect"
    ASK_MODEL = "models.ask"

    SEE_PEOPLE = "people.see"
    MANAGE_PEOPLE = "people.manage"
    MANAGE_SPACES = "spaces.manage"

    SEE_POLICIES = "policies.see"
    SEE_BUDGETS = "budgets.see"
    SET_BUDGETS = "budgets.set"
    READ_JOURNAL = "journal.read"

    # Keys of people and apps, for programs.
    USE_KEY = "keys.use"
    MAKE_KEY = "keys.make"
    SEE_KEYS = "keys.see"
    REVOKE_KEY = "keys.revoke"
    GRANT_FREE_FORM = "keys.grant-free-form"
    ASK_FREELY = "keys.ask-freely"
    """Ask with words of one's own instead of an approved template."""
