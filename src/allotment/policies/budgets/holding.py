"""Processes that hold calls at once: they show that they live, and tidy up what the dead and bygone minutes left.

Invariant: time is the database's own, so that clocks of several machines need not agree.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from allotment.engine.gate.budgets import Period
from allotment.kernel import clock
from allotment.policies.budgets import trading
from allotment.policies.models import BudgetUse, SlotHolder

BEAT_SECONDS = 2.5
DEAD_AFTER = timedelta(seconds=14)
_MINUTES_KEPT = timedelta(hours=1)
"""For how long use by the minute is of interest."""


def enter(holder: UUID) -> None:
    """Begin to live."""
    SlotHolder.objects.create(id=holder, beat_at=Now())


def live_on(holder: UUID) -> bool:
    """Show that this process lives and free what the dead held; False when the others gave this one up."""
    is_known = trading.beat(holder)
    dead = SlotHolder.objects.filter(beat_at__lt=Now() - DEAD_AFTER).exclude(id=holder)
    for one in dead.values_list("id", flat=True):
        with transaction.atomic():
            locked = SlotHolder.objects.select_for_update(skip_locked=True).filter(id=one)
            if locked.filter(beat_at__lt=Now() - DEAD_AFTER).exists():
                trading.forget(one)
    bygone = BudgetUse.objects.filter(period=Period.MINUTE.value, start__lt=clock.now() - _MINUTES_KEPT)
    if bygone.exists():
        bygone.delete()
    return is_known
