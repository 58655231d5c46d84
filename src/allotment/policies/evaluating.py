"""Asking Cedar: facts in, its answer out.

Invariant: facts that do not fit the schema are a no that says which fact it is. What is kept here (answers, and
people and things as Cedar holds them) is found by the facts themselves and never by an id, so it can be forgotten
but never be out of date. A question that differs from an answered one only in ids no rule names is not asked again.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import cedarpy
import msgspec

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.policies.renaming import Renaming
from allotment.policies.rulebook import Rulebook, policies_for

_KEPT_ANSWERS = 16_384
"""Each of about 1 kB."""
_KEPT_ENTITIES = 8_192
_PERSON = "Person"
_encode = msgspec.json.Encoder(order="deterministic").encode
_read = msgspec.json.Decoder().decode


class Question(msgspec.Struct, frozen=True):
    """What Cedar is asked. Two questions are equal only when every fact in them is."""

    actor: Actor | None
    action: Action
    kind: str
    """Of the resource."""
    id: str
    facts: str
    """About the resource, as JSON."""
    context: str
    """As JSON."""


class Answer(msgspec.Struct, frozen=True):
    """What Cedar said, before words."""

    allowed: bool
    policies: tuple[str, ...]
    problem: str
    """Why there is no answer; empty when there is one."""


class _Case(msgspec.Struct, frozen=True):
    """A question as Cedar takes it: who and what as text, `thing` empty when people act on themselves."""

    action: str
    principal: tuple[str, str]
    resource: tuple[str, str]
    person: str
    thing: str
    context: str


@lru_cache(maxsize=_KEPT_ANSWERS)
def answer(book: Rulebook, question: Question) -> Answer:
    """Return what the rules of `book` say: always the same to the same question."""
    if book.named is not None:
        said = _known_answer(book, _case(question, Renaming(book.named)))
        if not said.problem:
            return said
    # What is wrong is told with the facts as they are.
    return _ask(book, _case(question, _as_it_is))


def _as_it_is(value: Any) -> Any:
    return value


def _case(question: Question, rename: Callable[[Any], Any]) -> _Case:
    kind, (id_, roles, spaces) = _who(question.actor)
    principal = (kind, rename(id_))
    resource = (question.kind, rename(question.id))
    # A person acting on themselves appears once, with the facts of the one who acts.
    thing = "" if resource == principal else _thing(resource, question.facts, rename)
    context = question.context if question.context == "{}" else _write(rename(_read(question.context)))
    facts = {} if question.actor is None else {"person": id_, "roles": roles, "spaces": spaces}
    return _Case(
        question.action.value, principal, resource, _entity(principal, rename(facts)), thing, context
    )


@lru_cache(maxsize=_KEPT_ANSWERS)
def _known_answer(book: Rulebook, case: _Case) -> Answer:
    return _ask(book, case)


def _ask(book: Rulebook, case: _Case) -> Answer:
    result = cedarpy.is_authorized(
        {
            "principal": _uid(case.principal),
            "action": {"type": "Action", "id": case.action},
            "resource": _uid(case.resource),
            "context": case.context,
        },
        policies_for(book, case.action, case.principal[0], case.resource[0]),
        _together(book, case.person, case.thing),
        book.schema,
    )
    errors = result.diagnostics.errors
    if errors or result.decision is cedarpy.Decision.NoDecision:
        return Answer(allowed=False, policies=(), problem=errors[0] if errors else "no answer")
    policies = tuple(sorted(result.diagnostics.id_annotations_by_reason.values()))
    return Answer(allowed=result.allowed and bool(policies), policies=policies, problem="")


@lru_cache(maxsize=_KEPT_ENTITIES)
def _together(book: Rulebook, person: str, thing: str) -> cedarpy.Entities | str:
    """Return the facts about both as Cedar holds them, checked against the schema.

    Both are read at once: read one by one and joined, the second is read twice. Facts that do not fit are returned
    as text: Cedar refuses those as well, and says which fact it is.
    """
    facts = f"[{person},{thing}]" if thing else f"[{person}]"
    try:
        return cedarpy.Entities.from_json_str(facts, book.schema)
    except ValueError:
        return facts


@lru_cache(maxsize=_KEPT_ENTITIES)
def _who(actor: Actor | None) -> tuple[str, tuple[str, list[str], list[str]]]:
    """Return the kind, the id, the roles and the spaces of who acts."""
    if actor is None:
        return "Anonymous", ("anonymous", [], [])
    return _PERSON, (
        str(actor.person),
        [role.value for role in actor.roles],
        [str(space) for space in actor.spaces],
    )


def _thing(uid: tuple[str, str], facts: str, rename: Callable[[Any], Any]) -> str:
    attributes = rename(_read(facts))
    if uid[0] == _PERSON:
        attributes = {"person": uid[1], "roles": (), "spaces": (), **attributes}
    return _entity(uid, attributes)


def _entity(uid: tuple[str, str], attributes: Mapping[str, Any]) -> str:
    return _write({"uid": _uid(uid), "attrs": attributes, "parents": ()})


def _uid(uid: tuple[str, str]) -> dict[str, str]:
    return {"type": uid[0], "id": uid[1]}


def _write(value: object) -> str:
    return _encode(value).decode()
