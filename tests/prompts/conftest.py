"""A steward, another steward and a maker, and a template of the first."""

from dataclasses import dataclass

import pytest

from allotment.engine.templates import Slot
from allotment.prompts.approving import approve
from allotment.prompts.models import TemplateVersion
from allotment.prompts.proposing import propose
from allotment.prompts.wording import Wording, worded
from allotment.prompts.writing import About, new_family
from tests.conftest import MakePerson, Somebody

WORDING = worded(
    "You work in {industry}.",
    "Answer: {customer_query}",
    (Slot("industry", "Our line of business", "choice", options=("banking", "retail"), example="banking"),),
)


@dataclass(frozen=True)
class Desk:
    """Two stewards who check each other, and a maker."""

    rosa: Somebody
    tom: Somebody
    mira: Somebody

    def draft(self, title: str = "Reply to a customer", wording: Wording = WORDING) -> TemplateVersion:
        """Return a draft by Rosa."""
        return new_family(About(title, "A polite answer."), wording, self.rosa.id)

    def proposed(self) -> TemplateVersion:
        """Return a version Rosa proposed."""
        return propose(self.draft().id, self.rosa.id)

    def approved(self) -> TemplateVersion:
        """Return a version Rosa wrote and Tom approved."""
        version = self.proposed()
        return approve(version.id, self.tom.id, seen_digest=version.digest)


@pytest.fixture
def desk(person: MakePerson) -> Desk:
    """Return the people of a service desk."""
    return Desk(
        person(roles=("steward",), name="Rosa"),
        person(roles=("steward",), name="Tom"),
        person(roles=("maker",), name="Mira"),
    )
