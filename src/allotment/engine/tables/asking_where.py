"""The parts of a sentence that say which rows count: “only open tickets”, “where amount is over 100”, “in 2026”."""

import re
from calendar import month_name, monthrange
from collections.abc import Iterator, Mapping

from allotment.engine.tables.asking_words import COLUMN, VALUE, Sentence
from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.plan import Test, Where

_SIZES: Mapping[str, Test] = {
    "more than": "is more than",
    "greater than": "is more than",
    "larger than": "is more than",
    "higher than": "is more than",
    "over": "is more than",
    "above": "is more than",
    "after": "is more than",
    "less than": "is less than",
    "lower than": "is less than",
    "fewer than": "is less than",
    "under": "is less than",
    "below": "is less than",
    "before": "is less than",
    "at least": "is at least",
    "from": "is at least",
    "since": "is at least",
    "at most": "is at most",
    "up to": "is at most",
    "until": "is at most",
}
_BEFORE = (
    r"(?:\b(?:(?:only|just)(?: the)?(?: [a-z]+)? )?(?:only|where|with|whose|when|if|for|and) (?:the )?)?"
)
_IS = r"(?: is| are| was| were)?"
_EMPTY = rf"{_BEFORE}({COLUMN}){_IS} (not )?(?:empty|missing|blank)"
_SIZE = rf"{_BEFORE}({COLUMN}){_IS} ({'|'.join(_SIZES)}) ([-\d][\d.,-]*\d|\d)"
_EQUALS = rf"{_BEFORE}({COLUMN}) (?:is|are|was|were|equals|=)( not)? (?:\"([^\"]+)\"|({VALUE})|([\w.-]+))"
_CONTAINS = rf"{_BEFORE}({COLUMN}) (contains|begins with|starts with) (?:\"([^\"]+)\"|({VALUE})|([\w.-]+))"
_NOUN = rf"(?: (?:{COLUMN}|(?!per |by |and )[a-z]+)(?= per | by | for | each |,| $))?"
_VALUE = rf"\b(?:only|just|for|in|from) (?:the )?({VALUE})((?:(?:,| or|,? and) {VALUE})*){_NOUN}"
_YES = rf"\bonly ({COLUMN}){_NOUN}"
_COUNTED = rf"\b(?:how many|number of|count of) ({VALUE}|{COLUMN}) (?:{COLUMN}|[a-z]+)(?= |,)"
_MONTHS = "|".join(name.lower() for name in month_name[1:])
_TIME = rf"\b(?:in|during|for|of) (?:({_MONTHS}),? )?((?:19|20)\d\d)\b"


def wheres(sentence: Sentence, date: Column | None) -> tuple[Where, ...]:
    """Take every test out of a sentence; `date` is the column that periods are about."""
    return (
        *_empty(sentence),
        *_sizes(sentence),
        *_texts(sentence),
        *_counted(sentence),
        *_yes(sentence),
        *_values(sentence),
        *_times(sentence, date),
    )


def _empty(sentence: Sentence) -> Iterator[Where]:
    while found := sentence.take(_EMPTY):
        yield Where(column=sentence.column(found[1]).name, is_="is not empty" if found[2] else "is empty")


def _sizes(sentence: Sentence) -> Iterator[Where]:
    while found := sentence.take(_SIZE):
        yield Where(column=sentence.column(found[1]).name, is_=_SIZES[found[2]], to=found[3].rstrip(".,"))


def _texts(sentence: Sentence) -> Iterator[Where]:
    while found := sentence.take(_CONTAINS):
        is_: Test = "contains" if found[2] == "contains" else "begins with"
        yield Where(column=sentence.column(found[1]).name, is_=is_, to=_literal(sentence, found, 3))
    while found := sentence.take(_EQUALS):
        is_ = "is not" if found[2] else "is"
        yield Where(column=sentence.column(found[1]).name, is_=is_, to=_literal(sentence, found, 3))


def _literal(sentence: Sentence, found: re.Match[str], first: int) -> str:
    quoted, value, word = found[first], found[first + 1], found[first + 2]
    return sentence.value(value)[1] if value else quoted or word.strip(".")


def _counted(sentence: Sentence) -> Iterator[Where]:
    """Read “how many open tickets” as counting, of the rows that are open."""
    found = re.search(_COUNTED, sentence.text)
    test = _named(sentence, found[1]) if found else None
    if test:
        sentence.take(_COUNTED)
        sentence.text += "how many rows "
        yield test


def _yes(sentence: Sentence) -> Iterator[Where]:
    found = re.search(_YES, sentence.text)
    test = _named(sentence, found[1]) if found else None
    if test:
        sentence.take(_YES)
        yield test


def _named(sentence: Sentence, character: str) -> Where | None:
    """Return the test that a value or a yes/no column is by itself."""
    column = sentence.column_or_none(character)
    if column is None:
        name, value = sentence.value(character)
        return Where(column=name, is_="is", to=value)
    return Where(column=column.name, is_="is", to="yes") if column.kind is ColumnKind.YES_NO else None


def _values(sentence: Sentence) -> Iterator[Where]:
    while found := sentence.take(_VALUE):
        if found[2]:
            # Several values are “any of”, which one filter cannot say beside other tests.
            sentence.text += "unclear "
            return
        name, value = sentence.value(found[1])
        yield Where(column=name, is_="is", to=value)


def _times(sentence: Sentence, date: Column | None) -> Iterator[Where]:
    if date is None:
        return
    while found := sentence.take(_TIME):
        year = int(found[2])
        first, last = (1, 12)
        if found[1]:
            first = last = [name.lower() for name in month_name].index(found[1])
        yield Where(column=date.name, is_="is at least", to=f"{year}-{first:02}-01")
        yield Where(column=date.name, is_="is at most", to=f"{year}-{last:02}-{monthrange(year, last)[1]:02}")
