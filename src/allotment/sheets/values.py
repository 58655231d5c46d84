"""Sheets as others see them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from allotment.tables.files import Choice, Facts
from allotment.tables.kinds import Reading
from allotment.tables.profiling import Profile


class About(msgspec.Struct, frozen=True):
    """What is known about a sheet beside its rows."""

    name: str
    """Of the file."""
    columns: tuple[str, ...]
    reading: Reading
    profile: Profile
    facts: Facts
    choice: Choice
    first: tuple[tuple[str, ...], ...]
    """Its first rows as they are written, long cells cut."""


@dataclass(frozen=True)
class SheetView:
    """A sheet."""

    id: UUID
    created_at: datetime
    rows: int
    is_used: bool
    about: About

    @property
    def name(self) -> str:
        """Return the name of the file."""
        return self.about.name

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns, in order."""
        return self.about.columns

    @property
    def reading(self) -> Reading:
        """Return how each column is read."""
        return self.about.reading

    @property
    def profile(self) -> Profile:
        """Return what is in each column."""
        return self.about.profile

    @property
    def facts(self) -> Facts:
        """Return how the file was read."""
        return self.about.facts

    @property
    def choice(self) -> Choice:
        """Return how the person wanted it read."""
        return self.about.choice

    @property
    def text(self) -> str:
        """Return how a form refers to this sheet."""
        return f"sheet:{self.id}"
