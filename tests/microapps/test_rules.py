"""The risk tier, and what an approval binds to."""

from itertools import product
from uuid import UUID

import pytest

from allotment.engine.spec.app import DataClass, DataUse
from allotment.microapps.rules import approval_digest, assess, tier
from allotment.microapps.states import Audience, Tier

ORDER = list(Tier)
REACH = [Audience.ME, Audience.PEOPLE, Audience.SPACE, Audience.ORGANISATION]


@pytest.mark.parametrize(
    ("data", "audience", "expected"),
    [
        (DataUse(), Audience.ORGANISATION, Tier.LOW),
        (DataUse(personal=True), Audience.PEOPLE, Tier.LOW),
        (DataUse(personal=True), Audience.SPACE, Tier.MEDIUM),
        (DataUse(class_=DataClass.CONFIDENTIAL), Audience.ME, Tier.LOW),
        (DataUse(class_=DataClass.CONFIDENTIAL), Audience.PEOPLE, Tier.MEDIUM),
        (DataUse(class_=DataClass.RESTRICTED), Audience.PEOPLE, Tier.MEDIUM),
        (DataUse(class_=DataClass.RESTRICTED), Audience.SPACE, Tier.HIGH),
        (DataUse(special=True), Audience.ORGANISATION, Tier.HIGH),
    ],
)
def test_the_tier_follows_from_data_and_audience(data: DataUse, audience: Audience, expected: Tier) -> None:
    assert tier(data, audience) is expected


def test_more_people_or_more_sensitive_data_never_lower_the_tier() -> None:
    for class_, personal, special in product(DataClass, (False, True), (False, True)):
        tiers = [
            ORDER.index(tier(DataUse(class_=class_, personal=personal, special=special), one))
            for one in REACH
        ]
        assert tiers == sorted(tiers)
    for audience, personal in product(Audience, (False, True)):
        tiers = [ORDER.index(tier(DataUse(class_=one, personal=personal), audience)) for one in DataClass]
        assert tiers == sorted(tiers)


def test_every_tier_says_why() -> None:
    for audience, class_ in product(Audience, DataClass):
        found = assess(DataUse(class_=class_), audience)
        assert found.reason.startswith(found.tier.value.capitalize())


def test_an_approval_binds_to_everything_it_names() -> None:
    one, two = UUID(int=1), UUID(int=2)
    given = approval_digest("sha256:a", Audience.SPACE, one, ())

    assert given == approval_digest("sha256:a", Audience.SPACE, one, ())
    assert given != approval_digest("sha256:b", Audience.SPACE, one, ())
    assert given != approval_digest("sha256:a", Audience.SPACE, two, ())
    assert given != approval_digest("sha256:a", Audience.ORGANISATION, one, ())
    assert approval_digest("a", Audience.PEOPLE, None, (one, two)) == approval_digest(
        "a", Audience.PEOPLE, None, (two, one)
    )
