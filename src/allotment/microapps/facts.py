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
    """The provider's own name."""
    title: str
    runs_here: bool
    highest_data_class: DataClass
    is_practice: bool = False


@dataclass(frozen=True)
class Surroundings:
    """What is around a spec when it is checked."""

    templates: Mapping[str, TemplateFacts]
    """By reference; holds at least every one the spec names, if it exists."""
    models: tuple[ModelFacts, ...] = ()
    """Those that answer here."""
    usual_model: ModelFacts | None = None
    """The one that is asked when a step names none."""

    def model(self, name: str) -> ModelFacts | None:
        """Return the model a step asks: by its name or title, or the usual one for an empty name."""
        if not name:
            return self.usual_model
        return next((model for model in self.models if name in {model.name, model.title}), None)
