"""Describing: from a sentence to an app that can be tried at once.

Invariant: whoever asks gets a draft; when the drafter has nothing, the nearest starter is filled in.
Refuses: an empty sentence and one too long to read.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.engine.spec.reading import to_plain
from allotment.kernel.errors import Invalid, TooLarge
from allotment.microapps import starters
from allotment.microapps.drafting import MOST_CHARACTERS, Drafter, Proposal
from allotment.microapps.drafting_nearest import NearestDrafter
from allotment.microapps.making import make_from_plain
from allotment.microapps.values import AppDetail
from allotment.policies.deciding import require


@dataclass(frozen=True)
class Drafted:
    """The app that was made, and how its draft came about."""

    app: AppDetail
    proposal: Proposal


_drafter: Drafter | None = None


def use(drafter: Drafter | None) -> None:
    """Ask `drafter` first from now on; called when the process starts, and with None when it ends."""
    global _drafter  # noqa: PLW0603 - the one switch of this module
    _drafter = drafter


def describe(actor: Actor, need: str) -> Drafted:
    """Make a private draft for what this person says they need."""
    require(actor, Action.MAKE_APP)
    proposal = propose(need, actor)
    app = make_from_plain(actor, to_plain(proposal.app), starter=proposal.starter, near=proposal.near)
    return Drafted(app, proposal)


def propose(need: str, actor: Actor) -> Proposal:
    """Return the proposal for a sentence, without storing anything."""
    need = need.strip()
    if not need:
        raise Invalid(
            _("Say in a sentence what the app should do."),
            hint=_("For example: “Turn meeting notes into a list of who does what by when.”"),
            where="need",
        )
    if len(need) > MOST_CHARACTERS:
        raise TooLarge(
            _("That is longer than %(most)s characters.") % {"most": MOST_CHARACTERS},
            hint=_("Say the essence in a sentence or two; details come in the builder."),
        )
    nearest = NearestDrafter(starters.all_starters())
    proposal = None if _drafter is None else _drafter.propose(need, actor)
    return proposal or nearest.propose(need, actor)
