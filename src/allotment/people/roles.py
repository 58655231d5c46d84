"""The roles in plain words. What a role may do is decided by `policies`, not here."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from allotment.engine.principals import Role

_NAMES: dict[Role, Promise] = {
    Role.COLLEAGUE: _("Colleague"),
    Role.MAKER: _("Maker"),
    Role.STEWARD: _("Steward"),
    Role.REVIEWER: _("Reviewer"),
    Role.OFFICER: _("Officer"),
    Role.AUDITOR: _("Auditor"),
    Role.ADMINISTRATOR: _("Administrator"),
}

_EXPLANATIONS: dict[Role, Promise] = {
    Role.COLLEAGUE: _("Runs the apps that are shared with them and sees their own results."),
    Role.MAKER: _("Makes apps, tries them out, and publishes the apps they own."),
    Role.STEWARD: _(
        "Writes prompt templates, approves those of others, and recalls them when they go wrong."
    ),
    Role.REVIEWER: _("Reviews apps before they are published. Never their own."),
    Role.OFFICER: _("Looks after security and privacy: connects models, parks apps, reads the journal."),
    Role.AUDITOR: _("Sees everything, changes nothing."),
    Role.ADMINISTRATOR: _("Invites people, gives roles, sets up spaces and connects models."),
}


def role_name(role: Role) -> str:
    """Return what people call `role`."""
    return str(_NAMES[role])


def role_explanation(role: Role) -> str:
    """Return one sentence on what someone with `role` does."""
    return str(_EXPLANATIONS[role])
