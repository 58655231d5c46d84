"""Asking Cedar: facts in, its answer out.

Invariant: facts that do not fit the schema are a no that says which fact it is. What is kept here (answers, and
people and things as Cedar holds them) is found by the facts themselves and never by an id, so it can be forgotten
but never be out of date.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cedarpy
import msgspec

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.policies.rulebook import Rulebook

_KEPT_ANSWERS = 16_384
"""Each of about 1 kB."""
_KEPT_ENTITIES = 8_192
_PERSON = "Person"
_ANONYMOUS = {"type": "Anonymous", "id": "anonymous"}


@dataclass(frozen=True)
class Question:
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


@dataclass(frozen=True)
class Answer:
    """What Cedar said, before words."""

    allowed: bool
    policies: tuple[str, ...]
    problem: str
    """Why there is no answer; empty when there is one."""


@lru_cache(maxsize=_KEPT_ANSWERS)
def answer(book: Rulebook, question: Question) -> Answer:
    """Return what the rules of `book` say: always the same to the same question."""
    principal = _uid_of(question.actor)
    resource = {"type": question.kind, "id": question.id}
    person = _person(question.actor)
    # A person acting on themselves appears once, with the facts of the one who acts.
    thing = "" if resource == principal else _thing(question.kind, question.id, question.facts)
    result = cedarpy.is_authorized(
        {
            "principal": principal,
            "action": {"type": "Action", "id": question.action.value},
            "resource": resource,
            "context": question.context,
        },
        book.policies_for(question.action),
        _together(book, person, thing),
        book.schema,
    )
    errors = result.diagnostics.errors
    if errors or result.decision is cedarpy.Decision.NoDecision:
        return Answer(allowed=False, policies=(), problem=errors[0] if errors else "no answer")
    policies = tuple(sorted(result.diagnostics.id_annotations_by_reason.values()))
    return Answer(allowed=result.allowed and bool(policies), policies=policies, problem="")


def _together(book: Rulebook, person: str, thing: str) -> cedarpy.Entities | str:
    """Return the facts about both, each checked against the schema.

    Facts that do not fit are returned as text: Cedar refuses those as well, and says which fact it is.
    """
    try:
        checked = _parsed(book, person)
        return _parsed(book, thing).with_added_json_str(f"[{person}]") if thing else checked
    except ValueError:
        return f"[{person},{thing}]" if thing else f"[{person}]"


@lru_cache(maxsize=_KEPT_ENTITIES)
def _parsed(book: Rulebook, entity: str) -> cedarpy.Entities:
    """Return one person or thing as Cedar holds it; raises `ValueError` when a fact does not fit the schema."""
    return cedarpy.Entities.from_json_str(f"[{entity}]", book.schema)


def _uid_of(actor: Actor | None) -> dict[str, str]:
    return _ANONYMOUS if actor is None else {"type": _PERSON, "id": str(actor.person)}


@lru_cache(maxsize=_KEPT_ENTITIES)
def _person(actor: Actor | None) -> str:
    attributes: dict[str, Any] = {}
    if actor is not None:
        attributes = {"person": actor.person, "roles": actor.roles, "spaces": actor.spaces}
    return _entity(_uid_of(actor), attributes)


def _thing(kind: str, id_: str, facts: str) -> str:
    attributes = msgspec.json.decode(facts)
    if kind == _PERSON:
        attributes = {"person": id_, "roles": (), "spaces": (), **attributes}
    return _entity({"type": kind, "id": id_}, attributes)


def _entity(uid: dict[str, str], attributes: Mapping[str, Any]) -> str:
    return msgspec.json.encode({"uid": uid, "attrs": attributes, "parents": ()}).decode()
