"""What an administrator may know about the keys. No secret is among it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from allotment.keys import masters
from allotment.keys.models import DataKeyRow, Kind


@dataclass(frozen=True)
class KeysStatus:
    """The keys of this installation, counted."""

    place: str
    """Where the master key lives, in words."""
    master: str
    """The name of the master key in use."""
    master_made_at: datetime | None
    """None where only its keeper knows."""
    data_keys: int
    people: int
    """How many of them are one person's."""
    destroyed: int
    wrapped_by: Mapping[str, int]
    """By the name of the master key."""
    former_masters: int
    last_rotation: datetime | None
    is_changing: bool
    """Whether a rotation was broken off, or is under way."""


def keys_status() -> KeysStatus:
    """Return the state of the keys; raises `Misconfigured` or `Unavailable` when the master key cannot be had."""
    known = masters.reread()
    newest = known.current.newest()
    rows = DataKeyRow.objects.exclude(kind=Kind.FORMER_MASTER)
    alive = rows.filter(destroyed_at=None)
    counted = alive.order_by("master").values("master").annotate(count=Count("id"))
    wrapped_by = {row["master"]: row["count"] for row in counted}
    return KeysStatus(
        place=known.place,
        master=newest,
        master_made_at=masters.key_file().made_at() if masters.is_in_file() else None,
        data_keys=alive.count(),
        people=alive.filter(kind=Kind.PERSON).count(),
        destroyed=rows.exclude(destroyed_at=None).count(),
        wrapped_by=wrapped_by,
        former_masters=DataKeyRow.objects.filter(kind=Kind.FORMER_MASTER).count(),
        last_rotation=rows.filter(kind=Kind.GENERAL).aggregate(at=Max("retired_at"))["at"],
        is_changing=bool(set(wrapped_by) - {newest}) or _is_file_changing(),
    )


def is_master_key_private() -> bool:
    """Whether nobody but its owner can read the master key's file; true where it lives elsewhere."""
    return not masters.is_in_file() or masters.key_file().is_private()


def _is_file_changing() -> bool:
    return masters.is_in_file() and masters.key_file().is_changing()
