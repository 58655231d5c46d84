"""Where a run stands, as a value: the typed form, what each finished step holds, and the next step's place."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from allotment.engine.forms import Value

StepValue = Value | Mapping[str, Value]


@dataclass(frozen=True)
class State:
    """Where a run stands."""

    form: Mapping[str, Value]
    values: Mapping[str, StepValue] = field(default_factory=dict)
    position: int = 0
