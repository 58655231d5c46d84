"""An app as YAML and back, for the command line.

Invariant: what comes in is an inert draft: pushing changes the working copy and never what others run.
Refuses: text that cannot be read as a spec, with every reason and its line.
"""

from dataclasses import dataclass

from allotment.engine.principals import Actor
from allotment.engine.spec.problems import BrokenSpec, SpecProblem
from allotment.engine.spec.reading import from_plain, read_yaml, to_plain, write_yaml
from allotment.microapps import making, saving
from allotment.microapps.checking import problems_of
from allotment.microapps.models import MicroApp
from allotment.microapps.queries import app_for
from allotment.microapps.values import AppDetail


@dataclass(frozen=True)
class Pushed:
    """What a push did."""

    app: AppDetail
    was_created: bool
    problems: tuple[SpecProblem, ...]
    """What keeps the draft from being saved as a version; empty when it is whole."""


def pull(actor: Actor, slug: str) -> str:
    """Return the working copy as YAML; raises `BrokenSpec` while it cannot be read."""
    return write_yaml(from_plain(app_for(actor, slug).working_plain))


def push(actor: Actor, text: str) -> Pushed:
    """Create the app the YAML names, or replace the working copy of the one that has this name."""
    spec = read_yaml(text)
    if MicroApp.objects.filter(slug=spec.name).exists():
        app = app_for(actor, spec.name)
        saving.save_working(app.id, actor, to_plain(spec), app.working_revision)
        return Pushed(app_for(actor, spec.name), was_created=False, problems=problems_of(spec))
    return Pushed(making.make_from_spec(actor, spec), was_created=True, problems=problems_of(spec))


def validate(text: str) -> tuple[SpecProblem, ...]:
    """Return what is wrong with a YAML text; empty when it is whole."""
    try:
        return problems_of(read_yaml(text))
    except BrokenSpec as broken:
        return broken.problems
