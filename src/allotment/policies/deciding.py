"""The one function that decides who may do what. Pure: no database, no network, safe on the event loop.

Invariant: only a clean yes from the policies is a yes. A policy that cannot be read, a fact that is missing
or of the wrong kind, or an error while evaluating is a no with its own reason.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from uuid import UUID

from django.utils.translation import gettext

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, AttributeValue, Decision, Resource, Role, written
from allotment.kernel.errors import Misconfigured, NotAllowed
from allotment.policies import rulebook
from allotment.policies.evaluating import Question, answer
from allotment.policies.rulebook import Rulebook
from allotment.policies.words import action_words, role_list

_INSTALLATION = ("Installation", "here")
INSTALLATION = Resource(*_INSTALLATION)
"""What a page as a whole is asked about, before any object is known."""

_NOTHING: Mapping[str, AttributeValue] = {}


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
    question = _question(actor, action, resource, context)
    said = answer(book, question)
    if said.problem:
        return _undecided(action, said.problem)
    if not said.policies:
        return _not_granted(book, question)
    rule = book.rules[said.policies[0]]
    remedy = gettext(rule.remedy) if rule.remedy else ""
    return Decision(said.allowed, said.policies, gettext(rule.sentence), remedy)


def decide_for_gate(
    actor: Actor | None, action: Action, resource: Resource, context: Mapping[str, AttributeValue]
) -> Decision:
    """Decide as `decide` does, but leave a yes in the words of the rules: nobody reads it at the gate.

    Looking up the language of the reader takes longer than an answer that is already known.
    """
    try:
        book = rulebook.installed()
    except Misconfigured:
        return decide(actor, action, resource, context)
    said = answer(book, _question(actor, action, resource, context))
    return _yes(book, said.policies) if said.allowed else decide_by(book, actor, action, resource, context)


def _question(
    actor: Actor | None, action: Action, resource: Resource, context: Mapping[str, AttributeValue]
) -> Question:
    facts = written(context) if context else "{}"
    return Question(actor, action, resource.kind, resource.id, resource.facts, facts)


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


@lru_cache(maxsize=1024)
def _yes(book: Rulebook, policies: tuple[str, ...]) -> Decision:
    return Decision(allowed=True, policies=policies, reason=book.rules[policies[0]].sentence)


@cache
def roles_that_may(book: Rulebook, action: Action) -> tuple[Role, ...]:
    """Return the roles that open the pages of `action`."""

    def may(role: Role) -> bool:
        somebody = Actor(UUID(int=0), "", frozenset({role}))
        return answer(book, Question(somebody, action, *_INSTALLATION, "{}", "{}")).allowed

    return tuple(role for role in Role if may(role))


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


def _not_granted(book: Rulebook, question: Question) -> Decision:
    """Return the refusal when no rule permits, with the roles that would help."""
    actor, action = question.actor, question.action
    if actor is None:
        return Decision(
            allowed=False,
            policies=(),
            reason=gettext("You are not signed in."),
            remedy=gettext("Sign in and try again."),
        )
    helpful = roles_that_may(book, action)
    if (question.kind, question.id) == _INSTALLATION or not actor.roles.intersection(helpful):
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
