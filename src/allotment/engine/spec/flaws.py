"""A flaw: what the checks of a spec find, before it is told to anybody. And the checks they share."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from allotment.engine.nearest import did_you_mean
from allotment.engine.spec.paths import Known, is_literal
from allotment.engine.spec.yaml_text import Position


@dataclass(frozen=True)
class Flaw:
    """Something wrong at a position in the plain data of an app."""

    position: Position
    message: str
    remedy: str = ""


def repeated(names: Iterable[str], part: str, key: str) -> Iterator[Flaw]:
    """Find names given twice in a list of parts."""
    counted: Counter[str] = Counter()
    for index, name in enumerate(names):
        counted[name] += 1
        if counted[name] == 2:  # noqa: PLR2004 - the second is the one to rename
            yield Flaw(
                (part, index, key), f"There are two of the name “{name}”.", "Give one of them another name."
            )


def option_flaws(options: tuple[str, ...], position: Position) -> Iterator[Flaw]:
    """Find what is wrong with a list of options to choose from."""
    seen = Counter(option.strip().casefold() for option in options)
    if len(options) < 2:  # noqa: PLR2004 - one option is no choice
        yield Flaw(position, "There are fewer than two options to choose from.", "Add another option.")
    if seen[""]:
        yield Flaw(position, "One option is blank.", "Write something, or remove it.")
    for option, times in seen.items():
        if option and times > 1:
            yield Flaw(position, f"The option “{option}” is there {times} times.", "Keep one of them.")


def path_flaws(
    path: str, known: Mapping[str, Known], later: Iterable[str], position: Position
) -> Iterator[Flaw]:
    """Find why a path names nothing that exists by then. `later` are the steps that come too late."""
    if path in known:
        return
    root, _, rest = path.partition(".")
    name = rest.partition(".")[0]
    if root == "steps" and name in set(later):
        yield Flaw(
            position, f"“{path}” is not there yet.", f"Move the step “{name}” up, or use an earlier value."
        )
    elif root not in {"form", "steps"} or not rest:
        yield Flaw(
            position,
            f"“{path}” does not say where the value comes from.",
            did_you_mean(path, known) or "Write `form.` and a field, or `steps.` and a step.",
        )
    else:
        yield Flaw(
            position, f"There is no “{path}”.", did_you_mean(path, known) or "Add a field to the form first."
        )


def source_flaws(
    source: str, known: Mapping[str, Known], later: Iterable[str], position: Position
) -> Iterator[Flaw]:
    """Find why a source (a path, or fixed text after `=`) cannot be used."""
    if not source:
        yield Flaw(position, "This is empty.", "Name a value, or write fixed text after an equals sign.")
    elif not is_literal(source):
        yield from path_flaws(source, known, later, position)
