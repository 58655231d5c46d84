"""The rules as sentences, for people to read: grouped by what they are about, searchable."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allotment.policies import rulebook
from allotment.policies.rulebook import Rule

_TITLES: dict[str, Promise] = {
    "everyone": _("Everyone"),
    "apps": _("Apps"),
    "runs": _("Runs and results"),
    "records": _("Records that apps save"),
    "templates": _("Templates"),
    "models": _("Models"),
    "keys": _("API keys"),
    "organisation": _("People, rules and the journal"),
    "pages": _("Opening pages"),
    "budgets": _("Budgets"),
}


@dataclass(frozen=True)
class Sentence:
    """One rule as a person reads it."""

    id: str
    text: str
    remedy: str
    is_forbidding: bool
    source: str


@dataclass(frozen=True)
class Group:
    """The rules about one thing."""

    name: str
    title: str
    sentences: tuple[Sentence, ...]


def groups(search: str = "") -> tuple[Group, ...]:
    """Return the installed rules whose sentence or id contains every word of `search`, by group."""
    words = search.casefold().split()
    rules = [rule for rule in rulebook.installed().rules.values() if _matches(rule, words)]
    names = dict.fromkeys(rule.group for rule in rules)
    return tuple(
        Group(
            name,
            str(_TITLES.get(name, name)),
            tuple(_sentences(rule for rule in rules if rule.group == name)),
        )
        for name in names
    )


def _matches(rule: Rule, words: list[str]) -> bool:
    text = f"{rule.id} {gettext(rule.sentence)}".casefold()
    return all(word in text for word in words)


def _sentences(rules: Iterable[Rule]) -> list[Sentence]:
    return [
        Sentence(
            id=rule.id,
            text=gettext(rule.sentence),
            remedy=gettext(rule.remedy) if rule.remedy else "",
            is_forbidding=rule.effect == "forbid",
            source=rule.source,
        )
        for rule in rules
    ]
