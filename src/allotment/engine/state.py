"""Where a run stands, as a value: the typed form, what each finished step holds, and the next step's place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from allotment.engine.forms import Value


@dataclass(frozen=True)
class Reference:
    """A table or a chart. What it holds is stored beside the run; `path` says where it comes from."""

    kind: Literal["table", "chart"]
    path: str
    """`form.<field>` or `steps.<step>`."""


StepValue = Value | Mapping[str, Value] | Reference
FormValue = Value | Reference


@dataclass(frozen=True)
class State:
    """Where a run stands."""

    form: Mapping[str, FormValue]
    values: Mapping[str, StepValue] = field(default_factory=dict)
    position: int = 0
