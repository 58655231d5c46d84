"""The policy function as the gate's port. Pure computation, so the event loop may call it."""

from collections.abc import Mapping

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, AttributeValue, Decision, Resource
from allotment.policies.deciding import decide_for_gate


class CedarAuthoriser:
    """Implements `engine.gate.ports.Authoriser` with the installed Cedar policies."""

    def decide(
        self,
        actor: Actor | None,
        action: Action,
        resource: Resource,
        context: Mapping[str, AttributeValue],
    ) -> Decision:
        """Decide; any doubt is a refusal."""
        return decide_for_gate(actor, action, resource, context)
