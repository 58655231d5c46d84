"""Reads Cedar policies and their schema into handles that are parsed once.

Invariant: a rulebook exists only when every policy parses, fits the schema, and carries an id and a sentence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import cedarpy
from cedarpy.pst import ActionEq, ActionIn, ScopeAny

from allotment.engine.actions import Action
from allotment.kernel.canonical import digest
from allotment.kernel.errors import Misconfigured
from allotment.policies.renaming import named_strings

_VERSION_DIGITS = 12
_HERE = Path(__file__).parent
SCHEMA_FILE = _HERE / "schema.cedarschema"
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

    Policies are sliced by action: one whose scope names other actions can neither permit nor forbid this one,
    and leaving it out halves the time of a decision.
    """

    slices: Mapping[str, cedarpy.PolicySet]
    unnamed: cedarpy.PolicySet
    schema: cedarpy.Schema
    rules: Mapping[str, Rule]
    named: frozenset[str] | None
    """Every string that policies and schema name; None when a policy looks inside strings."""
    version: str
    """12 hexadecimal digits of a digest over the policies and the schema: what a decision was made by."""

    def policies_for(self, action: Action) -> cedarpy.PolicySet:
        """Return every policy that can apply to `action`."""
        return self.slices.get(action.value, self.unnamed)


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


def _actions_in(scope: ScopeAny | ActionEq | ActionIn) -> frozenset[str] | None:
    match scope:
        case ActionEq(entity=entity):
            return frozenset({entity.id})
        case ActionIn(entities=entities):
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
    slices = {action: _slice(rules, action) for action in named}
    strings = named_strings(cedarpy.policies_to_pst(text).static_policies.values(), schema)
    return Rulebook(slices, _slice(rules, ""), parsed_schema, by_id, strings, _version(policies, schema))


def _version(policies: Mapping[str, str], schema: str) -> str:
    whole = digest({"policies": dict(policies), "schema": schema})
    return whole.removeprefix("sha256:")[:_VERSION_DIGITS]


def _slice(rules: list[Rule], action: str) -> cedarpy.PolicySet:
    sources = (rule.source for rule in rules if rule.actions is None or action in rule.actions)
    return cedarpy.PolicySet.from_str("\n\n".join(sources))


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
