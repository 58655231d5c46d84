"""What the journal says about who somebody was at the time: kept under the person's key, never in the entry itself."""

from collections.abc import Mapping

from allotment.engine.recording import Personal
from allotment.people.models import Person


def personal_of(row: Person) -> Mapping[str, Personal]:
    """Return name and e-mail address as they are now."""
    return {"name": Personal(row.id, row.name), "e-mail": Personal(row.id, row.email)}
