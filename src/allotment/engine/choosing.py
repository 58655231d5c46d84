"""Conditions: a value by path, a comparison, a literal. Comparisons follow the value's type; text ignores case."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from allotment.engine.paths import text_of, value_at
from allotment.engine.spec.app import Case, Choose, Condition
from allotment.engine.state import State, StepValue


def taken(step: Choose, state: State) -> Case | None:
    """Return the first case whose conditions all hold."""
    return next((case for case in step.cases if all(holds(one, state) for one in case.when)), None)


def holds(condition: Condition, state: State) -> bool:
    """Say whether a condition holds. Ordering something that has no order is never true."""
    return _COMPARISONS[condition.is_](value_at(condition.value, state), condition.to)


def _folded(value: StepValue) -> str:
    return text_of(value).strip().casefold()


def _is(value: StepValue, to: str) -> bool:
    if isinstance(value, Decimal):
        return value == _decimal(to)
    return _folded(value) == to.strip().casefold()


def _contains(value: StepValue, to: str) -> bool:
    if isinstance(value, tuple):
        return to.strip().casefold() in {item.casefold() for item in value}
    return to.strip().casefold() in _folded(value)


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


def _is_more(value: StepValue, to: str) -> bool:
    order = _order(value, to)
    return order is not None and order > 0


def _is_less(value: StepValue, to: str) -> bool:
    order = _order(value, to)
    return order is not None and order < 0


def _order(value: StepValue, to: str) -> int | None:
    """Compare numbers as numbers; ISO dates compare right as text."""
    text = text_of(value).strip()
    left, right = _decimal(text), _decimal(to)
    if left is not None and right is not None:
        return (left > right) - (left < right)
    return (text > to.strip()) - (text < to.strip()) if text and left is None and right is None else None


_COMPARISONS: dict[str, Callable[[StepValue, str], bool]] = {
    "is": _is,
    "is not": lambda value, to: not _is(value, to),
    "contains": _contains,
    "is empty": lambda value, _: not text_of(value).strip(),
    "is not empty": lambda value, _: bool(text_of(value).strip()),
    "is more than": _is_more,
    "is less than": _is_less,
}
