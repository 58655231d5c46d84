"""Questions to the policies about one version of a template."""

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, Resource
from allotment.policies.deciding import decide, require
from allotment.prompts.models import TemplateVersion


def resource_of(version: TemplateVersion) -> Resource:
    """Return the version as the policies see it."""
    facts = {"author": str(version.author_id or ""), "state": version.state}
    if version.family.space_id:
        facts["space"] = str(version.family.space_id)
    return Resource("Template", str(version.id), facts)


def may(actor: Actor, action: Action, version: TemplateVersion) -> bool:
    """Whether this person may do it with this version."""
    return decide(actor, action, resource_of(version)).allowed


def require_for(actor: Actor, action: Action, version: TemplateVersion) -> None:
    """Raise `NotAllowed` with the sentence of the policy unless they may."""
    require(actor, action, resource_of(version))
