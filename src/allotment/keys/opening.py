"""Checking, before anything else is done, that what is sealed in this database can be opened here.

Refuses: starting with another master key than the one this database was encrypted with.
"""

from allotment.kernel.crypto import vault
from allotment.keys import masters
from allotment.keys.models import DataKeyRow, Kind

_CONTEXT = "keys"


def open_keys() -> None:
    """Make the keys of a new installation, or check those of an old one; also before the first run needs them.

    Raises `Misconfigured` or `Unavailable` that names the master key which is needed and where to put it.
    """
    masters.reread()
    sealed = vault().seal(b"", context=_CONTEXT)
    vault().open(sealed, context=_CONTEXT)
    for row in _one_of_each_master():
        masters.unwrap(row)


def _one_of_each_master() -> list[DataKeyRow]:
    """Return a data key for every master key that some data key still needs."""
    rows = DataKeyRow.objects.filter(destroyed_at=None).exclude(kind=Kind.FORMER_MASTER)
    names = rows.order_by().values_list("master", flat=True).distinct()
    found = (rows.filter(master=name).first() for name in names)
    return [row for row in found if row is not None]
