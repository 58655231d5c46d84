"""An app told in sentences: what it asks for, each step, what it shows.

Invariant: every sentence is a phrase from the table below, so that pages can translate all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from allotment.engine.phrases import Phrase, Piece, Translate
from allotment.engine.spec.app import (
    App,
    Ask,
    AsksModel,
    Case,
    Chart,
    ChartKind,
    Choose,
    Comparison,
    Condition,
    ForEach,
    Read,
    Save,
    Step,
    Table,
)
from allotment.engine.spec.paths import is_literal, literal
from allotment.engine.tables.sentences import plan_sentence

ASKS_PERSON = "Ask the person for {fields}"
ASKS_NOTHING = "Start without asking anything"
WRITES = "Write {name} with {template}"
SORTS = "Sort {sources} into one of {labels}"
SORTS_NOTHING = "Choose one of {labels}"
FINDS = "Find {fields} in {sources}"
FINDS_NOTHING = "Fill in {fields} with {template}"
READS = "Read {document}"
CHOOSES = "If {conditions}, {outcome}"
CHOOSES_NOTHING = "Choose: nothing to choose from yet"
MAKES_TABLE = "Make {name} from {source}"
DRAWS = "Draw {source}"
DRAWS_AS: Mapping[ChartKind, str] = {
    "bar": "Draw {source} as bars",
    "line": "Draw {source} as a line",
    "area": "Draw {source} as an area",
    "pie": "Draw {source} as a pie",
    "scatter": "Draw {source} as points",
    "histogram": "Draw how {source} is spread",
}
FOR_EACH = "For each row of {source}, {asking}"
SAVES_VALUES = "Save {values} to {collection}"
SAVES_ROWS = "Save the rows of {source} to {collection}"
STOPS = "stop and say {message}"
JUMPS = "go on at {name}"
TAKES = "take {value}"
GOES_ON = "go on"
OTHERWISE = "otherwise {outcome}"
SHOWS = "Show {values}"
SHOWS_NOTHING = "Show nothing yet"
_IN_A_SENTENCE: Mapping[str, str] = {
    WRITES: "write {name} with {template}",
    SORTS: "sort {sources} into one of {labels}",
    SORTS_NOTHING: "choose one of {labels}",
    FINDS: "find {fields} in {sources}",
    FINDS_NOTHING: "fill in {fields} with {template}",
}
"""How a question is told behind other words."""
THE_COLUMN = "its {column}"
THE_VALUE = "the {name}"
THE_FIELD = "the {field} of the {name}"
COMPARISONS: Mapping[Comparison, str] = {
    "is": "{value} is {to}",
    "is not": "{value} is not {to}",
    "contains": "{value} contains {to}",
    "is empty": "{value} is empty",
    "is not empty": "{value} is not empty",
    "is more than": "{value} is more than {to}",
    "is less than": "{value} is less than {to}",
}


@dataclass(frozen=True)
class Sentence:
    """One line of what an app does."""

    about: str
    """`form`, `result`, or the step's name."""
    phrases: tuple[Phrase, ...]
    """One, or for a choice one for each case."""
    template: Piece | None = None
    """The template the step uses, when it uses one."""

    def pieces(self, translate: Translate = str) -> tuple[Piece, ...]:
        """Return the sentence in pieces, in the language of `translate`."""
        parts: list[Piece] = []
        for phrase in self.phrases:
            parts += [Piece("; ")] if parts else []
            parts += phrase.pieces(translate)
        return tuple(parts)

    def __str__(self) -> str:
        return "".join(piece.text for piece in self.pieces())


def sentences(app: App, titles: Mapping[str, str] | None = None) -> tuple[Sentence, ...]:
    """Return the whole app in sentences: form, steps, result. `titles` are template titles by reference."""
    return (form_sentence(app), *(sentence(step, app, titles) for step in app.steps), result_sentence(app))


def form_sentence(app: App) -> Sentence:
    """Return what the form asks for."""
    fields = tuple(_slot(field.label, f"form.{field.field}") for field in app.form)
    return Sentence("form", (Phrase(ASKS_PERSON, {"fields": fields}) if fields else Phrase(ASKS_NOTHING),))


def result_sentence(app: App) -> Sentence:
    """Return what is shown in the end."""
    shown = tuple(_value(part.from_, app) for part in app.result)
    return Sentence("result", (Phrase(SHOWS, {"values": shown}) if shown else Phrase(SHOWS_NOTHING),))


def sentence(step: Step, app: App, titles: Mapping[str, str] | None = None) -> Sentence:
    """Return one step in words."""
    match step:
        case Ask():
            template = template_piece(step.template, titles)
            return Sentence(step.step, (_ask(step, app, template),), template)
        case Read():
            return Sentence(step.step, (Phrase(READS, {"document": _value(step.from_, app)}),))
        case Choose():
            return Sentence(step.step, _choose(step, app))
        case ForEach():
            return _for_each(step, app, titles)
        case Table():
            return Sentence(step.step, _table(step, app))
        case Chart():
            phrase = Phrase(DRAWS_AS.get(step.kind, DRAWS), {"source": _value(step.from_, app)})
            return Sentence(step.step, (phrase,))
        case Save():
            return Sentence(step.step, (_save(step, app),))


def template_piece(reference: str, titles: Mapping[str, str] | None = None) -> Piece:
    """Return a template in words: “Customer reply, version 2”."""
    name, _, version = reference.partition("@")
    title = (titles or {}).get(reference) or _spoken(name).capitalize()
    return _slot(f"{title}, version {version}", reference)


def _for_each(step: ForEach, app: App, titles: Mapping[str, str] | None) -> Sentence:
    template = template_piece(step.template, titles)
    asking = _ask(step, app, template)
    gaps = {"source": _value(step.rows, app), "asking": Phrase(_IN_A_SENTENCE[asking.message], asking.values)}
    return Sentence(step.step, (Phrase(FOR_EACH, gaps),), template)


def _table(step: Table, app: App) -> tuple[Phrase, ...]:
    named = {f"form.{field.field}": field.label for field in app.form}
    named |= {f"steps.{other.step}": _spoken(other.step) for other in app.steps}
    gaps = {"name": _named(step.step), "source": _value(step.from_, app)}
    return (Phrase(MAKES_TABLE, gaps), *plan_sentence(step.plan, named))


def _save(step: Save, app: App) -> Phrase:
    collection = _slot(_spoken(step.collection), "")
    if step.from_:
        return Phrase(SAVES_ROWS, {"source": _value(step.from_, app), "collection": collection})
    values = tuple(_value(source, app) for source in dict.fromkeys(step.values.values()))
    return Phrase(SAVES_VALUES, {"values": values, "collection": collection})


def _ask(step: AsksModel, app: App, template: Piece) -> Phrase:
    paths = dict.fromkeys(source for source in step.with_.values() if not is_literal(source))
    sources = tuple(_value(path, app) for path in paths)
    if step.answer.choice:
        labels = _slot(" · ".join(step.answer.choice), f"steps.{step.step}")
        return Phrase(SORTS if sources else SORTS_NOTHING, {"sources": sources, "labels": labels})
    if step.answer.fields:
        fields = tuple(_slot(_spoken(name), f"steps.{step.step}.{name}") for name in step.answer.fields)
        return Phrase(
            FINDS if sources else FINDS_NOTHING, {"sources": sources, "fields": fields, "template": template}
        )
    return Phrase(WRITES, {"name": _named(step.step), "template": template})


def _choose(step: Choose, app: App) -> tuple[Phrase, ...]:
    phrases = [
        Phrase(
            CHOOSES,
            {
                "conditions": tuple(_condition(condition, app) for condition in case.when),
                "outcome": _outcome(case, app),
            },
        )
        for case in step.cases
    ]
    if step.otherwise:
        taken = Phrase(TAKES, {"value": _value(step.otherwise, app)})
        phrases.append(Phrase(OTHERWISE, {"outcome": taken}))
    return tuple(phrases) or (Phrase(CHOOSES_NOTHING),)


def _condition(condition: Condition, app: App) -> Phrase:
    values = {"value": _value(condition.value, app), "to": _slot(condition.to, condition.value)}
    return Phrase(COMPARISONS[condition.is_], values)


def _outcome(case: Case, app: App) -> Phrase:
    if case.stop:
        return Phrase(STOPS, {"message": _slot(f"“{case.stop}”", "")})
    if case.go_to:
        return Phrase(JUMPS, {"name": _slot(_spoken(case.go_to), f"steps.{case.go_to}")})
    return Phrase(TAKES, {"value": _value(case.value, app)}) if case.value else Phrase(GOES_ON)


def _value(source: str, app: App) -> Piece | Phrase:
    if is_literal(source):
        return _slot(f"“{literal(source)}”", source)
    root, _, rest = source.partition(".")
    if root == "row":
        return Phrase(THE_COLUMN, {"column": _slot(rest, source)})
    if root == "form":
        label = next((field.label for field in app.form if field.field == rest), _spoken(rest))
        return _slot(label, source)
    name, _, inner = rest.partition(".")
    if inner:
        gaps = {"field": _slot(_spoken(inner), source), "name": Piece(_spoken(name))}
        return Phrase(THE_FIELD, gaps)
    return Phrase(THE_VALUE, {"name": _slot(_spoken(name), source)})


def _named(step: str) -> Phrase:
    return Phrase(THE_VALUE, {"name": _slot(_spoken(step), f"steps.{step}")})


def _slot(text: str, ref: str) -> Piece:
    return Piece(text, is_slot=True, ref=ref)


def _spoken(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")
