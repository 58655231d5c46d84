"""Drafting with a connected model: it proposes a plan that a schema holds in shape, we build and mend the app.

Invariant: the model chooses among approved templates and names fields and labels; it never writes a spec, a path or a
prompt. What it proposes is mended deterministically (`mending`) and used only when it is then whole.
Falls back to another drafter when no capable model answers or the proposal cannot be mended.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from allotment.engine.asking import Message
from allotment.engine.principals import Actor
from allotment.engine.spec.app import App
from allotment.engine.spec.problems import SpecProblem
from allotment.kernel.errors import AllotmentError
from allotment.microapps.drafting import Drafter, Proposal
from allotment.microapps.facts import TemplateFacts
from allotment.microapps.mending import app_from

Ask = Callable[[Actor, Sequence[Message], Mapping[str, Any]], Mapping[str, Any] | None]
"""Asks the connected model, for this person, for an object that fits a JSON Schema; None when none is able to."""

_MOST_FIELDS = 8
_MOST_STEPS = 4
_KINDS = ("short text", "long text", "number", "date", "yes/no", "choice", "e-mail", "document")

_INSTRUCTIONS = (
    "You plan a small form-based app for an office. People fill in the form; each step fills one of the listed "
    "templates with form fields or with what an earlier step answered. Use as few fields and steps as possible. "
    "Answer only with JSON. Templates:\n"
)


class ModelDrafter:
    """Asks a model; gives way to `fallback` whenever the answer is not a whole app."""

    def __init__(
        self,
        ask: Ask,
        templates: Callable[[], Sequence[TemplateFacts]],
        problems: Callable[[App], Sequence[SpecProblem]],
        fallback: Drafter,
    ) -> None:
        self._ask = ask
        self._templates = templates
        self._problems = problems
        self._fallback = fallback

    def propose(self, need: str, actor: Actor) -> Proposal | None:
        """Return the model's app once mended and valid, else what the fallback proposes."""
        nearest = self._fallback.propose(need, actor)
        templates = self._templates()
        plan = self._plan(need, actor, templates) if templates else None
        app = None if plan is None else app_from(plan, need, templates)
        if app is None or self._problems(app):
            return nearest
        near = () if nearest is None else ((nearest.starter,) if nearest.starter else ()) + nearest.near
        return Proposal(app, "model", "", near[:3])

    def _plan(self, need: str, actor: Actor, templates: Sequence[TemplateFacts]) -> Mapping[str, Any] | None:
        messages = (
            Message("system", _INSTRUCTIONS + "\n".join(_line(template) for template in templates)),
            Message("user", need),
        )
        try:
            return self._ask(actor, messages, plan_schema(templates))
        except AllotmentError:
            # A model that is down must not keep anybody from starting: the fallback answers.
            return None


def plan_schema(templates: Sequence[TemplateFacts]) -> dict[str, Any]:
    """Return the JSON Schema of a plan: closed lists wherever there is a choice."""
    text = {"type": "string", "maxLength": 120}
    field = _object(
        {
            "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"},
            "label": text,
            "kind": {"enum": list(_KINDS)},
            "required": {"type": "boolean"},
            "options": {"type": "array", "items": text, "maxItems": 12},
            "example": {"type": "string", "maxLength": 600},
        }
    )
    step = _object(
        {
            "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"},
            "template": {"enum": [template.reference for template in templates]},
            "slots": {
                "type": "array",
                "items": _object({"slot": text, "source": text}),
                "maxItems": 8,
            },
            "labels": {"type": "array", "items": text, "maxItems": 12},
        }
    )
    return _object(
        {
            "title": {"type": "string", "maxLength": 60},
            "purpose": {"type": "string", "maxLength": 300},
            "holds_personal_data": {"type": "boolean"},
            "fields": {"type": "array", "items": field, "minItems": 1, "maxItems": _MOST_FIELDS},
            "steps": {"type": "array", "items": step, "minItems": 1, "maxItems": _MOST_STEPS},
        }
    )


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _line(template: TemplateFacts) -> str:
    slots = {slot.name: slot.label for slot in template.slots}
    return json.dumps(
        {"template": template.reference, "does": template.purpose or template.title, "slots": slots},
        ensure_ascii=False,
    )
