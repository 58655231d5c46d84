"""The words of a sentence that asks for figures: which name columns, which name values, which say nothing.

A column that a sentence names becomes one character of its own, so that the grammar can be written as patterns.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.plan import Aggregate, DatePart

_FIRST_COLUMN, _FIRST_VALUE = 0xE000, 0xF000
_MOST = 2000
COLUMN = f"[{chr(_FIRST_COLUMN)}-{chr(_FIRST_VALUE - 1)}]"
VALUE = f"[{chr(_FIRST_VALUE)}-{chr(_FIRST_VALUE + _MOST)}]"

FIGURE_WORDS: Mapping[str, Aggregate] = {
    "sum of": "sum",
    "total": "sum",
    "sum": "sum",
    "average": "average",
    "mean": "average",
    "avg": "average",
    "median": "median",
    "smallest": "smallest",
    "lowest": "smallest",
    "minimum": "smallest",
    "earliest": "smallest",
    "largest": "largest",
    "highest": "largest",
    "maximum": "largest",
    "latest": "largest",
    "different": "different values",
    "distinct": "different values",
    "unique": "different values",
}
PARTS = r"(?:year|quarter|month|weekday|week|day|hour)\b"
PART_WORDS: Mapping[str, DatePart] = {
    "yearly": "year",
    "annual": "year",
    "annually": "year",
    "quarterly": "quarter",
    "monthly": "month",
    "weekly": "week",
    "daily": "day",
    "hourly": "hour",
}
NUMBER_WORDS: Mapping[str, int] = {
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twenty": 20,
}
FIRST = (
    r",? ?(?:sorted |ordered |in )?(?:by )?(?:the )?"
    r"(?:(?P<large>(?:largest|biggest|highest|most|best|latest|newest|greatest) first|descending(?: order)?)"
    r"|(?:smallest|lowest|fewest|least|worst|earliest|oldest) first|ascending(?: order)?)"
)
SAYS_NOTHING = frozenset(
    [
        "a",
        "all",
        "an",
        "and",
        "are",
        "can",
        "compute",
        "calculate",
        "create",
        "data",
        "did",
        "display",
        "do",
        "figures",
        "find",
        "for",
        "get",
        "give",
        "had",
        "has",
        "have",
        "i",
        "in",
        "is",
        "it",
        "like",
        "list",
        "make",
        "me",
        "need",
        "of",
        "our",
        "over",
        "overview",
        "please",
        "report",
        "see",
        "show",
        "table",
        "tell",
        "that",
        "the",
        "their",
        "there",
        "they",
        "to",
        "us",
        "want",
        "was",
        "we",
        "were",
        "what",
        "will",
        "with",
        "would",
        "you",
    ]
)
_GRAMMAR = frozenset(
    [
        "before",
        "by",
        "count",
        "each",
        "every",
        "first",
        "last",
        "number",
        "only",
        "over",
        "per",
        "than",
        "top",
        "where",
        "year",
        "quarter",
        "month",
        "week",
        "weekday",
        "day",
        "hour",
        "not",
        "most",
        "more",
        "less",
        "largest",
        "smallest",
        "highest",
        "lowest",
        "average",
        "median",
        "total",
        "sum",
    ]
)
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_SHORTEST_HINT = 4
_UNITS = frozenset(
    [
        "eur",
        "usd",
        "gbp",
        "chf",
        "kg",
        "g",
        "km",
        "m",
        "h",
        "hours",
        "minutes",
        "days",
        "percent",
        "pct",
        "net",
        "gross",
    ]
)


class Sentence:
    """A sentence in lower case in which columns and values are one character each, and what was read is gone."""

    def __init__(self, text: str, columns: Sequence[Column], values: Mapping[str, Iterable[str]]) -> None:
        self.columns = tuple(columns)
        self.named: list[Column] = []
        self._values: list[tuple[str, str]] = []
        plain = " ".join(text.replace("“", '"').replace("”", '"').split()).strip(" .?!;:")
        self.text = f" {self._with_values(self._with_columns(plain.lower()), values)} "

    def take(self, pattern: str) -> re.Match[str] | None:
        """Return the first match of a pattern and take it out of the sentence."""
        found = re.search(pattern, self.text)
        if found:
            self.text = f"{self.text[: found.start()]} , {self.text[found.end() :]}".replace("  ", " ")
        return found

    def words_left(self) -> list[str]:
        """Return what nobody took."""
        return [word for word in re.split(r"[\s,;:.]+", self.text) if word]

    def items(self, text: str, pattern: str) -> Iterator[str]:
        """Yield the items of a list."""
        return (found[0] for found in re.finditer(pattern, text))

    def column(self, character: str) -> Column:
        """Return the column that a character stands for."""
        return self.columns[ord(character) - _FIRST_COLUMN]

    def column_or_none(self, text: str) -> Column | None:
        """Return the column that a text stands for, if it is one."""
        return self.column(text) if re.fullmatch(COLUMN, text) else None

    def value(self, character: str) -> tuple[str, str]:
        """Return the column and the text of a value that a character stands for."""
        return self._values[ord(character) - _FIRST_VALUE]

    def _with_columns(self, text: str) -> str:
        for place, pattern in _mentions(self.columns[:_MOST]):
            text, times = re.subn(rf"(?<!\w){pattern}(?!\w)", chr(_FIRST_COLUMN + place), text)
            if times and self.columns[place] not in self.named:
                self.named.append(self.columns[place])
        return text

    def _with_values(self, text: str, values: Mapping[str, Iterable[str]]) -> str:
        all_values = sorted(
            ((value, name) for name, several in values.items() for value in several), key=_by_length
        )
        texts = [value.casefold() for value, _ in all_values]
        for value, name in all_values[:_MOST]:
            plain = value.strip().lower()
            # A value of two columns, or one that is a word of the grammar, does not say which is meant.
            if not plain or plain in _GRAMMAR | SAYS_NOTHING or texts.count(value.casefold()) > 1:
                continue
            character = chr(_FIRST_VALUE + len(self._values))
            text, times = re.subn(rf"(?<!\w){re.escape(plain)}(?!\w)", character, text)
            if times:
                self._values.append((name, value))
        return text


def _by_length(item: tuple[str, str]) -> int:
    return -len(item[0])


def _mentions(columns: Sequence[Column]) -> Iterator[tuple[int, str]]:
    """Yield how a sentence may name each column: whole names first, long before short, then one word of a name."""
    words = [_WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.name)) for column in columns]
    whole = [(place, [word.lower() for word in name]) for place, name in enumerate(words) if name]
    for place, name in sorted(whole, key=lambda item: -len(item[1])):
        if not (len(name) == 1 and name[0] in _GRAMMAR | SAYS_NOTHING):
            yield place, r"[\s_-]+".join((*map(re.escape, name[:-1]), _singular_or_plural(name[-1])))
    heads = [(place, _head(name)) for place, name in whole]
    for place, head in heads:
        is_only_here = sum(head in name for _, name in whole) == 1
        is_telling = len(head) >= _SHORTEST_HINT and head not in _GRAMMAR | SAYS_NOTHING
        if is_only_here and is_telling and columns[place].kind is not ColumnKind.YES_NO:
            yield place, _singular_or_plural(head)


def _head(name: Sequence[str]) -> str:
    """Return the word that a name is about: the last one that is no unit (“Net Revenue EUR”: revenue)."""
    return next((word for word in reversed(name) if word not in _UNITS), name[-1])


def _singular_or_plural(word: str) -> str:
    """Return a pattern for both forms of an English noun."""
    if word.endswith("ies"):
        return f"{re.escape(word[:-3])}(?:ies|y)"
    if word.endswith("y"):
        return f"{re.escape(word[:-1])}(?:ies|y)"
    stem = word[:-1] if word.endswith("s") and not word.endswith("ss") else word
    return f"{re.escape(stem)}(?:e?s)?"
