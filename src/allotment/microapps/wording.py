"""Words for a draft taken from the sentence it was asked for with. Pure; never adds what was not said."""

import re

_LEAD_IN = re.compile(
    r"^\s*(?:(?:hi|hello|please|ok|so)[,!. ]+)*"
    r"(?:(?:i|we)(?:'d| would)? (?:need|want|like|wish(?: for)?|am looking for|are looking for)(?: to have)? "
    r"|(?:can|could) you (?:please )?(?:make|build|create)(?: me| us)? "
    r"|(?:make|build|create|give)(?: me| us)? )?"
    r"(?:(?:a|an|some|the) (?:\w+ )?(?:tool|app|form|thing|helper|assistant|bot|program|way|page)\b"
    r"|something|help(?: with)?)?\s*"
    r"(?:(?:that|which|who) (?:can |could |will |would |should )?|to |for |with |, )?",
    re.IGNORECASE,
)
_VERBS = frozenset(
    re.findall(
        r"\w+",
        """
    write sort summarise summarize draft read find extract translate turn make check answer create list pick
    explain rewrite shorten send give take tell help generate compare label tag group mark collect prepare
    describe suggest detect flag rate score route assign propose polish proofread simplify convert build
    show
    """,
    )
)
_IRREGULAR = {"classifies": "classify", "replies": "reply", "tidies": "tidy", "identifies": "identify"}
_TITLE_LENGTH = 60
_PURPOSE_LENGTH = 480


def purpose_from(need: str) -> str:
    """Return what was asked for as one instruction: “Write polite replies and sort them by topic.”"""
    words = " ".join(need.split())
    core = _LEAD_IN.sub("", words, count=1).strip(" .!?") or words.strip(" .!?")
    said = _imperative(core)
    return f"{_capital(said)[:_PURPOSE_LENGTH]}."


def title_from(need: str) -> str:
    """Return the first part of what was asked for, short enough for a list."""
    said = purpose_from(need).rstrip(".")
    if len(said) <= _TITLE_LENGTH:
        return said
    for separator in (". ", "; ", ", ", " and ", " so that ", " because ", " when "):
        head = said.split(separator)[0]
        if len(head) <= _TITLE_LENGTH and " " in head:
            return head
    return said[:_TITLE_LENGTH].rsplit(" ", 1)[0]


def _imperative(text: str) -> str:
    """Return “writes … and sorts …” as “write … and sort …”."""
    words = text.split(" ")
    for index, word in enumerate(words):
        starts = (
            index == 0 or words[index - 1].lower() in {"and", "then", "or"} or words[index - 1].endswith(",")
        )
        if starts:
            words[index] = _plain_verb(word)
    return " ".join(words)


def _plain_verb(word: str) -> str:
    lower = word.lower()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    return word[:-1] if lower.endswith("s") and lower[:-1] in _VERBS else word


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
