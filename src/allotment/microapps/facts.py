"""What checks and drafting need to know of templates and models, as this feature sees them."""

from collections.abc import Mapping
from dataclasses import dataclass

from allotment.engine.spec.app import DataClass
from allotment.engine.templates import Slot


@dataclass(frozen=True)
class TemplateFacts:
    """One version of a template."""

    name: str
    version: int
    title: str
    is_usable: bool
    """Whether this version is approved and not recalled."""
    slots: tuple[Slot, ...] = ()
    newest_usable: int | None = None
    """The newest approved version of the same template, if there is one."""
    purpose: str = ""

    @property
    def reference(self) -> str:
        """`name@version`, as specs write it."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True)
class ModelFacts:
    """One model people may use."""

    name: str
    title: str
    runs_here: bool
    highest_data_class: DataClass
    is_practice: bool = False


@dataclass(frozen=True)
class Surroundings:
    """What is around a spec when it is checked."""

    templates: Mapping[str, TemplateFacts]
    """By reference; holds at least every one the spec names, if it exists."""
    models: Mapping[str, ModelFacts]
    """By name; those the owner's space may use."""
    preferred_model: str = ""
    """The model that is asked when a step names none; empty when there is none."""
