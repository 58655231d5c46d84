"""Takes hold of one version for a change, and says what happened to it in the journal.

Invariant: called inside the transaction that makes the change; nobody else changes the row meanwhile.
"""

from uuid import UUID

from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.journal.recording import note
from allotment.kernel.errors import NotFound
from allotment.prompts.models import TemplateVersion
from allotment.prompts.rules import Facts


def held(version: UUID) -> TemplateVersion:
    """Return the version, locked until the transaction ends."""
    try:
        return (
            TemplateVersion.objects.select_for_update(of=("self",)).select_related("family").get(id=version)
        )
    except TemplateVersion.DoesNotExist as error:
        raise NotFound(
            _("That version of a template is not there."), hint=_("Look for it in the list of templates.")
        ) from error


def facts_of(version: TemplateVersion) -> Facts:
    """Return what decisions about the version depend on."""
    return Facts(
        version.reference, version.state, version.author_id, version.is_recalled, version.recall_reason
    )


def record(action: Action, person: UUID | None, version: TemplateVersion, change: str) -> None:
    """Note what was done to a version."""
    note(
        action,
        actor=person,
        object_kind="template",
        object_id=str(version.id),
        space=version.family.space_id,
        change=change,
        reference=version.reference,
        digest=version.digest,
    )
