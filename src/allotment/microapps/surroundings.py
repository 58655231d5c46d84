"""What is around an app, read from the features below: templates, models, people who may look after it."""

from collections.abc import Mapping

from allotment.engine.principals import Actor, Role
from allotment.engine.spec.app import App, AsksModel
from allotment.engine.templates import Template
from allotment.kernel.errors import NotAllowed, NotFound
from allotment.llms.queries import OfferedModel, default_model, offered_models
from allotment.microapps.facts import ModelFacts, Surroundings, TemplateFacts
from allotment.microapps.values import Named
from allotment.people.queries import matching_people, people, people_choices, spaces_of
from allotment.prompts.queries import Summary, approved_template, approved_templates, version_of


def around(spec: App) -> Surroundings:
    """Return what the checks of this spec need to know."""
    usual = default_model()
    return Surroundings(
        templates=templates_for(spec),
        models=models(),
        usual_model=_model(usual) if usual is not None and usual.can_answer else None,
    )


def approved() -> tuple[TemplateFacts, ...]:
    """Return the newest approved version of every template, by title."""
    return tuple(_usable(summary) for summary in approved_templates())


def templates_for(spec: App) -> Mapping[str, TemplateFacts]:
    """Return what is known of each template version the spec names; unknown ones are missing."""
    newest = {summary.name: summary for summary in approved_templates()}
    references = {step.template for step in spec.steps if isinstance(step, AsksModel)}
    facts = {reference: _facts(reference, newest) for reference in references}
    return {reference: one for reference, one in facts.items() if one is not None}


def template(reference: str) -> Template | None:
    """Return the template of a reference if apps may use it now."""
    try:
        return approved_template(reference)
    except (NotFound, NotAllowed):
        return None


def models() -> tuple[ModelFacts, ...]:
    """Return the models that answer apps, the usual one first."""
    return tuple(_model(model) for model in offered_models() if model.can_answer)


def makers() -> tuple[Named, ...]:
    """Return the active people who may make apps, and so look after one, by name."""
    return tuple(
        Named(person.id, person.name)
        for person in people(matching_people(role=Role.MAKER))
        if person.is_active
    )


def colleagues() -> tuple[Named, ...]:
    """Return every active person, by name."""
    return tuple(Named(one.id, one.name) for one in people_choices())


def own_spaces(actor: Actor) -> tuple[Named, ...]:
    """Return the spaces this person belongs to, by name."""
    return tuple(Named(one.id, one.name) for one in spaces_of(actor))


def _facts(reference: str, newest: Mapping[str, Summary]) -> TemplateFacts | None:
    name, _, number = reference.partition("@")
    replacement = newest.get(name)
    if replacement is not None and replacement.reference == reference:
        return _usable(replacement)
    newest_number = None if replacement is None else replacement.version
    usable = template(reference)
    if usable is not None:
        return TemplateFacts(
            name,
            usable.version,
            usable.title,
            is_usable=True,
            slots=usable.slots,
            newest_usable=newest_number,
        )
    try:
        title = version_of(reference).title
    except NotFound:
        return None
    return TemplateFacts(name, int(number), title, is_usable=False, newest_usable=newest_number)


def _model(model: OfferedModel) -> ModelFacts:
    return ModelFacts(
        name=model.name,
        title=model.title,
        runs_here=model.runs_here,
        highest_data_class=model.ceiling,
        is_practice=model.is_practice,
    )


def _usable(summary: Summary) -> TemplateFacts:
    return TemplateFacts(
        summary.name,
        summary.version,
        summary.title,
        is_usable=True,
        slots=summary.slots,
        newest_usable=summary.version,
        purpose=summary.purpose,
    )
