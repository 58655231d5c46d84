"""How often apps ran and what they cost, for lists that show it."""

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db.models import Count, Max, Sum

from allotment.kernel import clock
from allotment.microapps.statistics import RunStatistics
from allotment.runs.models import Run


def run_statistics(apps: Collection[UUID]) -> Mapping[UUID, RunStatistics]:
    """Return the statistics of these apps; trials count as cost, not as runs others made."""
    month = clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Run.objects.filter(app__in=tuple(apps), created_at__gte=month)
        .values("app_id")
        .annotate(runs=Count("id"), cost=Sum("cost_nanodollars"), last=Max("created_at"))
    )
    found = {row["app_id"]: RunStatistics(row["last"], row["runs"], row["cost"] or 0) for row in rows}
    older = [app for app in apps if app not in found]
    latest = Run.objects.filter(app__in=older).values("app_id").annotate(last=Max("created_at"))
    return found | {row["app_id"]: RunStatistics(row["last"], 0, 0) for row in latest}
