"""Drafting without a model: the starter whose words are nearest to the need, filled in.

Scores are cosine similarities of TF-IDF vectors over word stems, with synonyms folded together; a starter's keywords
and title weigh more than its purpose. Pure and deterministic: the same sentence always gives the same order.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from allotment.engine.principals import Actor
from allotment.microapps.drafting import Proposal, Ranked
from allotment.microapps.starters import Starter
from allotment.microapps.wording import purpose_from, title_from

_NEAR = 3
_SHORTEST_STEM = 3
_WEIGHTS = (("keywords", 3.0), ("title", 3.0), ("outcome", 2.0), ("purpose", 1.0), ("category", 1.0))
_WORD = re.compile(r"[a-zà-ÿ0-9]+")
_EMPTY = frozenset(
    _WORD.findall(
        """
    a an and any app are as at be but by can could do each every for from get give good has have help how i
    in into is it its like make me my need new nice of on or our people please should so some something that
    the their them then these they thing this those to tool us use used using want way we what when which
    who will with would you your polite politely automatically quick quickly simple small
    """
    )
)
_SYNONYMS = (
    "reply answer respond response",
    "customer client buyer guest consumer shopper",
    "sort classify categorise categorize category label triage topic route group bucket theme tag",
    "summary summarise summarize shorten condense digest brief gist overview recap",
    "extract pull pick capture",
    "action todo task followup",
    "minute meeting protocol",
    "mail email inbox message",
    "complaint complain unhappy angry dissatisfied",
    "job vacancy position posting hiring recruit recruitment",
    "candidate applicant resume cv",
    "invoice bill receipt",
    "translate translation language",
    "rewrite rephrase reword polish proofread edit improve",
    "simple plain simplify easy jargon",
    "report narrative",
    "document file pdf text article",
    "contract agreement clause",
    "feedback review survey comment opinion",
    "sentiment mood tone",
    "question query request enquiry inquiry ask",
    "ticket incident issue bug",
    "product item article goods",
    "announce announcement news newsletter",
    "holiday vacation leave absence",
    "letter note",
    "idea brainstorm suggestion",
    "faq knowledge",
    "welcome onboarding newcomer joiner",
)


def stem(word: str) -> str:
    """Return a word without its commonest English endings; crude, but the same for both sides."""
    if word.endswith("ies") and len(word) > _SHORTEST_STEM + 1:
        return word[:-3] + "y"
    for ending in ("ations", "ation", "ings", "ing", "edly", "ers", "ed", "es", "er", "ly", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM and not word.endswith("ss"):
            return word[: -len(ending)].rstrip("e") or word
    return word


def _folded() -> dict[str, str]:
    return {stem(word): stem(group.split()[0]) for group in _SYNONYMS for word in group.split()}


_FOLD = _folded()


def words_of(text: str) -> list[str]:
    """Return the stems of the words that mean something, synonyms folded."""
    lower = (
        text.lower().replace("e-mail", "email").replace("to-do", "todo").replace("'s", "").replace("’s", "")
    )
    stems = (stem(word) for word in _WORD.findall(lower) if word not in _EMPTY)
    return [_FOLD.get(word, word) for word in stems]


def rank(need: str, starters: Sequence[Starter]) -> tuple[Ranked, ...]:
    """Return every starter with its score, best first; ties keep the order of titles."""
    vectors = {starter.name: _weighed(starter) for starter in starters}
    rarity = _rarity(vectors.values())
    wanted = {word: rarity.get(word, 0.0) for word in words_of(need)}
    scored = [Ranked(starter, _cosine(wanted, vectors[starter.name], rarity)) for starter in starters]
    return tuple(sorted(scored, key=lambda ranked: (-ranked.score, ranked.starter.app.title)))


class NearestDrafter:
    """Fills in the nearest of the given starters, of which there is at least one."""

    def __init__(self, starters: Sequence[Starter]) -> None:
        self._starters = tuple(starters)

    def propose(self, need: str, actor: Actor) -> Proposal:  # noqa: ARG002 - asks nobody
        """Return the best starter with title and purpose from the sentence; as it is when no word fits."""
        ranked = rank(need, self._starters)
        best = ranked[0].starter
        app = best.app
        if ranked[0].score > 0:
            app = msgspec.structs.replace(app, title=title_from(need), purpose=purpose_from(need))
        near = tuple(other.starter.name for other in ranked[1 : 1 + _NEAR])
        return Proposal(app, "starter", best.name, near)


def _weighed(starter: Starter) -> dict[str, float]:
    texts = {
        "keywords": " ".join(starter.keywords),
        "title": starter.app.title,
        "outcome": starter.outcome,
        "purpose": starter.app.purpose,
        "category": starter.category,
    }
    weighed: defaultdict[str, float] = defaultdict(float)
    for part, weight in _WEIGHTS:
        for word in set(words_of(texts[part])):
            weighed[word] += weight
    return {word: 1 + math.log(weight) for word, weight in weighed.items()}


def _rarity(vectors: Iterable[dict[str, float]]) -> dict[str, float]:
    counted: Counter[str] = Counter()
    total = 0
    for vector in vectors:
        counted.update(vector.keys())
        total += 1
    return {word: math.log(1 + total / count) for word, count in counted.items()}


def _cosine(wanted: dict[str, float], vector: dict[str, float], rarity: dict[str, float]) -> float:
    weighed = {word: weight * rarity[word] for word, weight in vector.items()}
    product = sum(weight * weighed.get(word, 0.0) for word, weight in wanted.items())
    length = math.hypot(*wanted.values()) * math.hypot(*weighed.values())
    return product / length if length else 0.0
