"""Who acts, on what: the values every policy decision is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from uuid import UUID

import msgspec


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

    def __post_init__(self) -> None:
        """Hold the attributes still, so that `facts` stays true."""
        object.__setattr__(self, "attributes", MappingProxyType(dict(self.attributes)))

    @cached_property
    def facts(self) -> str:
        """Return the attributes as JSON; written once, for decisions are asked often about the same thing."""
        return written(self.attributes)


_write = msgspec.json.Encoder(order="sorted").encode


def written(attributes: Mapping[str, AttributeValue]) -> str:
    """Return attributes as JSON that is equal exactly when they are: it is sorted, and tells `true` from `1`."""
    return _write(dict(attributes)).decode()


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
