"""Remembering when keys were last used, to the hour. Not a governed change: it decides nothing."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from allotment.people.api_keys.models import ApiKey


def remember_uses(uses: Mapping[UUID, datetime]) -> None:
    """Store the latest use of each key; an earlier one than stored is left alone."""
    for key, at in uses.items():
        hour = at.replace(minute=0, second=0, microsecond=0)
        ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=hour), id=key).update(
            last_used_at=hour
        )
