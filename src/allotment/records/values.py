"""What pages and files know of records: values, never rows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Collection:
    """A collection of an app."""

    name: str
    count: int
    latest: datetime

    @property
    def title(self) -> str:
        """The name as people read it."""
        return title_of(self.name)


@dataclass(frozen=True, kw_only=True)
class SavedRecord:
    """One record."""

    id: UUID
    collection: str
    values: dict[str, str]
    person_name: str
    run: UUID
    created_at: datetime
    changed_at: datetime | None
    changed_by: str
    """Empty while nobody corrected it."""
    is_erased: bool = False
    """Whether its values are gone for good, because the person whose run saved it asked for that."""

    def cells(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Return its texts in the order of these columns; of an erased one, that it is."""
        if self.is_erased:
            return (_("erased"),) * len(columns)
        return tuple(self.values.get(column, "") for column in columns)


@dataclass(frozen=True)
class RecordPage:
    """Some records of a collection, newest first."""

    columns: tuple[str, ...]
    """Every name that one of these records has."""
    records: tuple[SavedRecord, ...]
    found: int
    """How many there are in all, or match the search."""


def title_of(name: str) -> str:
    """Return a name of the spec as people read it: “Late deliveries” for `late-deliveries`."""
    return name.replace("_", " ").replace("-", " ").capitalize()
