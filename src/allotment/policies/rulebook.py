"""Reads Cedar policies and their schema into handles that are parsed once.

Invariant: a rulebook exists only when every policy parses, fits the schema, and carries an id and a sentence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import cedarpy
from cedarpy import pst

from allotment.engine.actions import Action
from allotment.kernel.canonical import digest
from allotment.kernel.errors import Misconfigured
from allotment.policies.renaming import named_strings

_VERSION_DIGITS = 12
_KEPT_SLICES = 1024
_HERE = Path(__file__).parent
SCHEMA_FILE = _HERE / "schema.cedarschema"
_Scope = pst.ScopeAny | pst.ScopeEq | pst.ScopeIn | pst.ScopeIs | pst.ScopeIsIn
_START_OF_POLICY = re.compile(r'^(?=@id\(")', re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """One policy, with the words for it."""

    id: str
    effect: Literal["permit", "forbid"]
    sentence: str
    remedy: str
    """What a refused person can do next; empty for permits."""
    group: str
    """The file it comes from, without its number: `everyone`, `apps`, …"""
    source: str
    """Its Cedar text."""
    actions: frozenset[str] | None
    """The actions its scope names; None for every action."""


@dataclass(frozen=True, eq=False)
class Rulebook:
    """Parsed policies, their schema, and the rules by id. Two rulebooks are never the same one.

    Policies are sliced (`policies_for`): one whose scope names other actions or other kinds of things can neither
    permit nor forbid this one, and leaving it out halves the time of a decision.
    """

    policies: Mapping[str, pst.Template]
    """Every policy as Cedar reads it, by its place."""
    schema: cedarpy.Schema
    rules: Mapping[str, Rule]
    named: frozenset[str] | None
    """Every string that policies and schema name; None when a policy looks inside strings."""
    version: str
    """12 hexadecimal digits of a digest over the policies and the schema: what a decision was made by."""


@lru_cache(maxsize=_KEPT_SLICES)
def policies_for(book: Rulebook, action: str, who: str, what: str) -> cedarpy.PolicySet:
    """Return every policy that can apply when one of the kind `who` does `action` to one of the kind `what`.

    What a scope asks about the three is answered here once, so Cedar does not ask it again in every decision.
    """
    kept = {}
    for place, policy in book.policies.items():
        principal, resource = _left_of(policy.principal, who), _left_of(policy.resource, what)
        names = _actions_in(policy.action)
        if principal is not None and resource is not None and (names is None or action in names):
            kept[place] = replace(policy, principal=principal, action=pst.ScopeAny(), resource=resource)
    return cedarpy.PolicySet.from_pst(pst.PolicySet({}, kept, ()))


def _left_of(scope: _Scope, kind: str) -> _Scope | None:
    """Return what is left to ask of a scope when the kind is known; None when it can never fit."""
    if not isinstance(scope, pst.ScopeIs):
        return scope
    return pst.ScopeAny() if scope.entity_type == pst.EntityType(kind) else None


def _rule(group: str, source: str) -> Rule:
    try:
        (policy,) = cedarpy.policies_to_pst(source).static_policies.values()
    except ValueError as error:
        raise Misconfigured(
            f"A policy in “{group}” cannot be read: {error}",
            hint="Each policy starts with @id and is one permit or forbid.",
        ) from error
    words = policy.annotations
    effect: Literal["permit", "forbid"] = "forbid" if "forbid" in str(policy.effect).lower() else "permit"
    if not words.get("id") or not words.get("sentence") or (effect == "forbid" and not words.get("remedy")):
        raise Misconfigured(
            f"A policy in “{group}” lacks words: {source[:80]}",
            hint="Give it @id and @sentence, and @remedy when it forbids.",
        )
    return Rule(
        words["id"],
        effect,
        words["sentence"],
        words.get("remedy", ""),
        group,
        source,
        _actions_in(policy.action),
    )


def _actions_in(scope: pst.ScopeAny | pst.ActionEq | pst.ActionIn) -> frozenset[str] | None:
    match scope:
        case pst.ActionEq(entity=entity):
            return frozenset({entity.id})
        case pst.ActionIn(entities=entities):
            return frozenset(entity.id for entity in entities)
        case _:
            return None


def read(policies: Mapping[str, str], schema: str) -> Rulebook:
    """Read policy texts by group name; raises `Misconfigured` naming what is wrong."""
    rules = [
        _rule(group, source.strip())
        for group, text in policies.items()
        for source in _START_OF_POLICY.split(text)
        if source.strip()
    ]
    by_id = {rule.id: rule for rule in rules}
    if len(by_id) != len(rules):
        raise Misconfigured("Two policies share one id.", hint="Give each policy its own @id.")
    text = "\n\n".join(rule.source for rule in rules)
    try:
        parsed_schema = cedarpy.Schema.from_str(schema)
        validation = cedarpy.validate_policies(text, parsed_schema)
        parsed = cedarpy.policies_to_pst(text).static_policies
        cedarpy.PolicySet.from_pst(pst.PolicySet({}, parsed, ()))  # what slices are made of can be made
    except ValueError as error:
        raise Misconfigured(f"The policies cannot be read: {error}", hint="Mend the named line.") from error
    if not validation:
        problems = "; ".join(str(problem) for problem in validation.errors)
        raise Misconfigured(
            f"The policies do not fit their schema: {problems}", hint="Mend the named policy."
        )
    named = frozenset[str]().union(*(rule.actions or () for rule in rules))
    # A group of actions in the schema would slip through the slices, so only single actions are taken.
    if strange := sorted(named - {action.value for action in Action}):
        raise Misconfigured(
            f"The policies name actions that nothing here does: {', '.join(strange)}",
            hint="Name single actions of this version.",
        )
    strings = named_strings(parsed.values(), schema)
    return Rulebook(parsed, parsed_schema, by_id, strings, _version(policies, schema))


def _version(policies: Mapping[str, str], schema: str) -> str:
    whole = digest({"policies": dict(policies), "schema": schema})
    return whole.removeprefix("sha256:")[:_VERSION_DIGITS]


@cache
def installed() -> Rulebook:
    """Return the rulebook of this installation, parsed once per process."""
    files = sorted((_HERE / "defaults").glob("*.cedar"))
    texts = {file.stem.partition("-")[2]: file.read_text(encoding="utf-8") for file in files}
    return read(texts, SCHEMA_FILE.read_text(encoding="utf-8"))


def installed_version() -> str:
    """Return the version of the rulebook of this installation; empty while it cannot be read."""
    try:
        return installed().version
    except Misconfigured:
        return ""
