"""The main job: a maker says what they need, gets an app, shares it, and a colleague asks it three questions."""

from dataclasses import dataclass

from allotment.composition.demo.founding import Organisation
from allotment.composition.demo.roster import REVIEWER, SERVICE, STORY_MAKER
from allotment.engine.principals import Actor
from allotment.engine.spec.app import FieldKind
from allotment.engine.spec.reading import from_plain
from allotment.microapps import checking, publishing, reviewing, saving
from allotment.microapps.checks import Check
from allotment.microapps.describing import describe
from allotment.microapps.documenting import document
from allotment.microapps.queries import app_for, review, runnable, visible_apps
from allotment.microapps.releasing import WantedReach
from allotment.microapps.states import Audience
from allotment.microapps.values import AppDetail, AppFilter
from allotment.screening.masking import Masking

NEED = "I need a tool that writes polite replies to customers' questions and sorts them by topic"

QUESTIONS = (
    "I still have not received my new card, I ordered it over a week ago.",
    (
        "Where is my transfer? I sent it from DE89 3704 0044 0532 0130 00 last Monday."
        " My e-mail is elif.demir@example.com, my phone +49 151 23456789."
    ),
    "My account was charged twice this month.",
)
"""Written for this story. The second holds an e-mail address, a phone number and an IBAN."""


@dataclass(frozen=True)
class Shared:
    """How the app got to those it is for."""

    number: int
    reviewer: str
    """Who agreed; empty when nobody had to."""
    tier: str


def drafted(organisation: Organisation) -> AppDetail | None:
    """Return the app of an earlier telling, once it is published."""
    maker = organisation.actors[STORY_MAKER]
    own = visible_apps(maker, AppFilter(only_mine=True)).apps
    found = next((app for app in own if app.owner.id == maker.person and app.is_runnable), None)
    return None if found is None else app_for(maker, found.id)


def draft(organisation: Organisation) -> AppDetail:
    """Draft the app from the sentence, as the start page does."""
    return describe(organisation.actors[STORY_MAKER], NEED).app


def steps_of(app: AppDetail) -> tuple[str, ...]:
    """Return what the app does, a sentence per step."""
    told = document(from_plain(app.working_plain)).steps
    return tuple("".join(piece.text for piece in one.pieces) for one in told)


def checks_of(app: AppDetail) -> tuple[Check, ...]:
    """Return what the checks panel shows."""
    return checking.checks_of_working(app)


def share(app: AppDetail, organisation: Organisation) -> Shared:
    """Publish the saved version for the service desk; a reviewer agrees where the tier asks for it."""
    maker, reviewer = organisation.actors[STORY_MAKER], organisation.actors[REVIEWER]
    reach = WantedReach(Audience.SPACE, organisation.spaces[SERVICE])
    published = publishing.publish(app.id, maker, reach)
    if published.review is None:
        return Shared(published.number, "", str(published.tier.label))
    reviewing.approve(published.review, reviewer, review(published.review).digest)
    return Shared(published.number, reviewer.name, str(published.tier.label))


def save(app: AppDetail, organisation: Organisation) -> int:
    """Save the draft as a version and return its number."""
    return saving.save_version(app.id, organisation.actors[STORY_MAKER], "As drafted from a sentence")


def form_with(app: AppDetail, question: str, actor: Actor) -> dict[str, str]:
    """Return the form filled in as in its sample, with the question in its first long text."""
    spec = runnable(app.id, actor).spec
    field = next((one.field for one in spec.form if one.kind is FieldKind.LONG_TEXT), spec.form[0].field)
    return {**{name: str(value) for name, value in spec.sample.items()}, field: question}


def as_the_model_sees(question: str) -> str:
    """Return the question with its details masked, as the gate sends it."""
    return Masking().mask(question).text


def asker(organisation: Organisation) -> Actor:
    """Return the colleague who asks the questions."""
    return organisation.actors["chidi"]
