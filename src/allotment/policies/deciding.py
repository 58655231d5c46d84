"""The one function that decides who may do what. Pure: no database, no network, safe on the event loop.

Invariant: only a clean yes from the policies is a yes. A policy that cannot be read, a fact that is missing
or of the wrong kind, or an error while evaluating is a no with its own reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from uuid import UUID

import cedarpy
import msgspec
from django.utils.translation import gettext

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, AttributeValue, Decision, Resource, Role
from allotment.kernel.errors import Misconfigured, NotAllowed
from allotment.policies import rulebook
from allotment.policies.rulebook import Rulebook
from allotment.policies.words import action_words, role_list

INSTALLATION = Resource("Installation", "here")
"""What a page as a whole is asked about, before any object is known."""

_NOTHING: Mapping[str, AttributeValue] = {}
_ANONYMOUS = {"type": "Anonymous", "id": "anonymous"}


def decide(
    actor: Actor | None,
    action: Action,
    resource: Resource = INSTALLATION,
    context: Mapping[str, AttributeValue] = _NOTHING,
) -> Decision:
    """Say whether `actor` (None: somebody who is not signed in) may do `action` with `resource`."""
    try:
        book = rulebook.installed()
    except Misconfigured as error:
        return Decision(
            allowed=False,
            policies=(),
            reason=gettext("The rules of this installation cannot be read, so nothing is allowed."),
            remedy=gettext("Ask an administrator to run “allotment doctor”. It says: %(problem)s")
            % {"problem": error.message},
            is_undecided=True,
        )
    return decide_by(book, actor, action, resource, context)


def decide_by(
    book: Rulebook,
    actor: Actor | None,
    action: Action,
    resource: Resource,
    context: Mapping[str, AttributeValue] = _NOTHING,
) -> Decision:
    """Decide by the rules of `book` (to try out rules before they are installed)."""
    is_page = resource == INSTALLATION and not context
    answer = _ask_page(book, actor, action) if is_page else _ask(book, actor, action, resource, context)
    if answer.problem:
        return _undecided(action, answer.problem)
    if not answer.policies:
        return _not_granted(book, actor, action, resource)
    rule = book.rules[answer.policies[0]]
    remedy = gettext(rule.remedy) if rule.remedy else ""
    return Decision(answer.allowed, answer.policies, gettext(rule.sentence), remedy)


def require(
    actor: Actor | None,
    action: Action,
    resource: Resource = INSTALLATION,
    context: Mapping[str, AttributeValue] = _NOTHING,
) -> Decision:
    """Return the decision when it is a yes; raise `NotAllowed` with the sentence and the remedy otherwise."""
    decision = decide(actor, action, resource, context)
    if not decision.allowed:
        raise NotAllowed(decision.reason, hint=decision.remedy, policy=next(iter(decision.policies), ""))
    return decision


@dataclass(frozen=True)
class _Answer:
    """What Cedar said, before words."""

    allowed: bool
    policies: tuple[str, ...]
    problem: str


@lru_cache(maxsize=4096)
def _ask_page(book: Rulebook, actor: Actor | None, action: Action) -> _Answer:
    """Answer for a whole page; the same facts always get the same answer, so it is kept."""
    return _ask(book, actor, action, INSTALLATION, _NOTHING)


@cache
def roles_that_may(book: Rulebook, action: Action) -> tuple[Role, ...]:
    """Return the roles that open the pages of `action`."""
    nobody = UUID(int=0)
    return tuple(
        role for role in Role if _ask_page(book, Actor(nobody, "", frozenset({role})), action).allowed
    )


def _ask(
    book: Rulebook,
    actor: Actor | None,
    action: Action,
    resource: Resource,
    context: Mapping[str, AttributeValue],
) -> _Answer:
    principal = _ANONYMOUS if actor is None else {"type": "Person", "id": str(actor.person)}
    result = cedarpy.is_authorized(
        {
            "principal": principal,
            "action": {"type": "Action", "id": action.value},
            "resource": {"type": resource.kind, "id": resource.id},
            "context": msgspec.json.encode(context).decode(),
        },
        book.policies_for(action),
        _entities(actor, resource),
        book.schema,
    )
    errors = result.diagnostics.errors
    if errors or result.decision is cedarpy.Decision.NoDecision:
        return _Answer(allowed=False, policies=(), problem=errors[0] if errors else "no answer")
    policies = tuple(sorted(result.diagnostics.id_annotations_by_reason.values()))
    return _Answer(allowed=result.allowed and bool(policies), policies=policies, problem="")


def _entities(actor: Actor | None, resource: Resource) -> str:
    """Return the facts about both as Cedar's JSON. A person acting on themselves appears once."""
    if actor is None:
        principal = {"uid": _ANONYMOUS, "attrs": {}, "parents": []}
    else:
        principal = {
            "uid": {"type": "Person", "id": str(actor.person)},
            "attrs": {
                "person": str(actor.person),
                "roles": [role.value for role in actor.roles],
                "spaces": [str(space) for space in actor.spaces],
            },
            "parents": [],
        }
    facts = [principal]
    uid = {"type": resource.kind, "id": resource.id}
    if resource.kind != "Person":
        facts.append({"uid": uid, "attrs": dict(resource.attributes), "parents": []})
    elif uid != principal["uid"]:
        about = {"person": resource.id, "roles": (), "spaces": ()} | dict(resource.attributes)
        facts.append({"uid": uid, "attrs": about, "parents": []})
    return msgspec.json.encode(facts).decode()


def _undecided(action: Action, problem: str) -> Decision:
    return Decision(
        allowed=False,
        policies=(),
        reason=gettext("Whether you may %(do)s could not be decided, so the answer is no.")
        % {"do": action_words(action)},
        remedy=gettext("Tell an administrator. The rules say: %(problem)s")
        % {"problem": problem.rpartition("]: ")[2]},
        is_undecided=True,
    )


def _not_granted(book: Rulebook, actor: Actor | None, action: Action, resource: Resource) -> Decision:
    """Return the refusal when no rule permits, with the roles that would help."""
    if actor is None:
        return Decision(
            allowed=False,
            policies=(),
            reason=gettext("You are not signed in."),
            remedy=gettext("Sign in and try again."),
        )
    helpful = roles_that_may(book, action)
    if resource == INSTALLATION or not actor.roles.intersection(helpful):
        return Decision(
            allowed=False,
            policies=(),
            reason=gettext("Your roles do not let you %(do)s.") % {"do": action_words(action)},
            remedy=gettext("Ask an administrator for one of these roles: %(roles)s.")
            % {"roles": role_list(helpful)}
            if helpful
            else "",
        )
    return Decision(
        allowed=False,
        policies=(),
        reason=gettext("You may not %(do)s here: this one is not yours and is not shared with you.")
        % {"do": action_words(action)},
        remedy=gettext("Ask its owner to share it with you."),
    )
