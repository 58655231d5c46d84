"""Finding the row of one key, for the capabilities of this package."""

from uuid import UUID

from django.utils.translation import gettext as _

from allotment.kernel.errors import NotFound
from allotment.people.api_keys.models import ApiKey


def locked_key(key_id: UUID) -> ApiKey:
    """Return the key, locked until the transaction ends; raises `NotFound`."""
    row = ApiKey.objects.select_for_update().filter(id=key_id).first()
    if row is None:
        raise NotFound(_("There is no such key."), hint=_("Choose one from the list of keys."))
    return row
