"""Documenting: an app told to a reader: what it does, with what data, where that goes, who answers for it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from allotment.engine.phrases import Piece
from allotment.engine.spec.app import App, AsksModel
from allotment.engine.spec.sentences import Sentence, sentences
from allotment.microapps.facts import TemplateFacts
from allotment.microapps.states import Audience
from allotment.microapps.surroundings import around
from allotment.microapps.values import Reach


@dataclass(frozen=True)
class Told:
    """One step as a sentence, and the template it uses."""

    pieces: tuple[Piece, ...]
    template: Piece | None
    """Where the sentence itself does not name it."""


@dataclass(frozen=True)
class Documentation:
    """An app in words."""

    steps: tuple[Told, ...]
    data: tuple[str, ...]
    goes_to: tuple[str, ...]
    templates: tuple[TemplateFacts, ...]


def document(spec: App) -> Documentation:
    """Return what an app does and touches, in sentences."""
    surroundings = around(spec)
    used = dict.fromkeys(step.template for step in spec.steps if isinstance(step, AsksModel))
    known = surroundings.templates
    titles = {reference: facts.title for reference, facts in known.items()}
    names = dict.fromkeys(step.model for step in spec.steps if isinstance(step, AsksModel))
    asked = dict.fromkeys(model for name in names if (model := surroundings.model(name)) is not None)
    return Documentation(
        steps=tuple(_told(one) for one in sentences(spec, titles)),
        data=_data_words(spec),
        goes_to=tuple(
            _("%(model)s, on this machine: nothing leaves the building.") % {"model": model.title}
            if model.runs_here
            else _("%(model)s, which runs elsewhere. Personal data is masked before it leaves.")
            % {"model": model.title}
            for model in asked
        ),
        templates=tuple(known[reference] for reference in used if reference in known),
    )


def reach_words(reach: Reach) -> str:
    """Return who may run an app: “Everyone in Service desk”."""
    if reach.audience is Audience.ORGANISATION:
        return _("Everyone in the organisation")
    if reach.audience is Audience.SPACE and reach.space is not None:
        return _("Everyone in %(space)s") % {"space": reach.space.name}
    if reach.audience is Audience.PEOPLE and reach.people:
        return ", ".join(person.name for person in reach.people)
    return _("Only the owner and the deputy")


def _told(sentence: Sentence) -> Told:
    pieces = sentence.pieces(_)
    return Told(pieces, None if sentence.template in pieces else sentence.template)


def _data_words(spec: App) -> tuple[str, ...]:
    data = spec.data
    words = [_("It is declared as %(class)s data.") % {"class": data.class_.value}]
    if data.personal:
        whose = ", ".join(data.subjects) or _("people it does not name")
        words.append(_("It holds personal data of %(whose)s.") % {"whose": whose})
    else:
        words.append(_("It is not meant for personal data."))
    if data.special:
        words.append(_("It holds special-category data, such as health or belief."))
    if data.basis:
        words.append(_("The basis for using it: %(basis)s.") % {"basis": data.basis.replace("-", " ")})
    if data.retention:
        words.append(_("Results are kept for %(time)s, then deleted.") % {"time": data.retention})
    return tuple(words)
