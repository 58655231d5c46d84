"""What runs are called in the journal: by their app and their time."""

from collections.abc import Collection, Mapping
from uuid import UUID

from django.utils.formats import date_format

from allotment.runs.models import Run


def run_names(ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return a name for each of these runs."""
    rows = Run.objects.filter(id__in=tuple(ids)).values_list("id", "app__title", "created_at")
    return {run: f"{title}, {date_format(at, 'j F Y, H:i')}" for run, title, at in rows}
