"""Who acts, on what: the values every policy decision is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person may be in the organisation; one person may hold several."""

    COLLEAGUE = "colleague"
    MAKER = "maker"
    STEWARD = "steward"
    REVIEWER = "reviewer"
    OFFICER = "officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Actor:
    """A signed-in person, as the policy function sees them."""

    person: UUID
    name: str
    roles: frozenset[Role] = frozenset()
    spaces: frozenset[UUID] = frozenset()


AttributeValue = str | bool | int | frozenset[str]


@dataclass(frozen=True)
class Resource:
    """What is acted on. `kind` is one of `ResourceKind`; attributes are those the Cedar schema names."""

    kind: str
    id: str
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """The answer of the policy function: allowed or not, by which policies, in words."""

    allowed: bool
    policies: tuple[str, ...]
    reason: str
    """A sentence for the person: why it is refused, or the sentence of the permitting policy."""
    remedy: str = ""
    is_undecided: bool = False
    """True when the rules could not be read or applied: a no that somebody must look at."""
