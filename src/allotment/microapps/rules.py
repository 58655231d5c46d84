"""Pure decisions about sharing: how much can go wrong, who must agree, what an approval binds to.

Refuses: I/O, and lowering a tier for convenience; the same spec and audience always give the same tier.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from allotment.engine.spec.app import DataClass, DataUse
from allotment.kernel.canonical import digest
from allotment.microapps.states import Audience, Tier

_WIDE = frozenset({Audience.SPACE, Audience.ORGANISATION})


@dataclass(frozen=True)
class Assessment:
    """A tier, and why, in a sentence."""

    tier: Tier
    reason: str

    @property
    def needs_review(self) -> bool:
        """Whether somebody else looks at it before it is shared."""
        return self.tier is not Tier.LOW


def assess(data: DataUse, audience: Audience) -> Assessment:
    """Return how much can go wrong when an app with this data is shared with this audience."""
    is_wide = audience in _WIDE
    if data.special or data.class_ is DataClass.RESTRICTED:
        return _assess_sensitive(data, is_wide=is_wide)
    if data.personal and is_wide:
        return Assessment(
            Tier.MEDIUM,
            _("Medium because it reads personal data and more people than you can name may run it."),
        )
    if data.class_ is DataClass.CONFIDENTIAL and audience is not Audience.ME:
        return Assessment(
            Tier.MEDIUM, _("Medium because it reads confidential data and others than you may run it.")
        )
    if audience is Audience.ME:
        return Assessment(Tier.LOW, _("Low because only you and your deputy can run it."))
    if data.personal:
        return Assessment(Tier.LOW, _("Low because it reads personal data only for the few people you name."))
    return Assessment(Tier.LOW, _("Low because it declares no personal and no confidential data."))


def _assess_sensitive(data: DataUse, *, is_wide: bool) -> Assessment:
    what = _("special-category data, such as health or belief") if data.special else _("restricted data")
    if is_wide:
        return Assessment(
            Tier.HIGH, _("High because it reads %(what)s and is shared widely.") % {"what": what}
        )
    return Assessment(
        Tier.MEDIUM, _("Medium because it reads %(what)s, even for a few people.") % {"what": what}
    )


def approval_digest(behaviour: str, audience: Audience, space: UUID | None, people: Iterable[UUID]) -> str:
    """Return what an approval binds to: the behaviour of a version and whom it is shared with."""
    return digest(
        {
            "behaviour": behaviour,
            "audience": audience.value,
            "space": None if space is None else str(space),
            "people": sorted(str(person) for person in people),
        }
    )


def tier(data: DataUse, audience: Audience) -> Tier:
    """Return the risk tier alone."""
    return assess(data, audience).tier
