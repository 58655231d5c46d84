"""The common book of what was granted: one transaction a trip, for everything a process needs or gives back.

Invariant: rows are locked in one order, and a grant never takes the sum beyond the limit. Nothing is granted by budgets
that changed meanwhile. Runs in worker threads; raises Django's database errors.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from allotment.engine.gate.budgets import Measure, Meter, Period
from allotment.engine.gate.limits import Fill, Order
from allotment.journal.recording import note
from allotment.policies.budgets.rules import is_nearly_used
from allotment.policies.models import BudgetRevision, BudgetUse, HeldSlots, SlotHolder


@dataclass(frozen=True)
class Traded:
    """What came of a trip."""

    fills: tuple[Fill, ...]
    """One for each order."""


@dataclass(frozen=True)
class Stale:
    """The budgets changed: nothing was granted or given back."""


@dataclass(frozen=True)
class Lost:
    """This process was taken for dead and its calls at once were given to others. Nothing was granted."""


def trade(orders: Sequence[Order], revision: int, holder: UUID) -> Traded | Stale | Lost:
    """Give back, book debts, and grant what the limits leave, in one transaction."""
    with transaction.atomic():
        if current_revision() != revision:
            return Stale()
        slots = [order for order in orders if order.account.meter.measure is Measure.AT_ONCE]
        if slots and not beat(holder):
            return Lost()
        rows = _locked(orders)
        fills = tuple(_enter(rows[key_of(order)], order) for order in orders)
        BudgetUse.objects.bulk_update(rows.values(), ("granted", "is_warned"))
        if slots:
            kept = [
                HeldSlots(holder=holder, key=key_of(order), slots=order.kept + fill.granted)
                for order, fill in zip(orders, fills, strict=True)
                if order.account.meter.measure is Measure.AT_ONCE
            ]
            HeldSlots.objects.bulk_create(
                kept, update_conflicts=True, unique_fields=("holder", "key"), update_fields=("slots",)
            )
    return Traded(fills)


def current_revision() -> int:
    """Return how often the budgets changed; 0 before the first were planted."""
    return BudgetRevision.objects.values_list("number", flat=True).first() or 0


def key_of(order: Order) -> str:
    """Return the name of the row an order is about."""
    return row_key(order.account.meter, order.account.start.isoformat(timespec="minutes"))


def row_key(meter: Meter, start: str) -> str:
    """Return the name of the row that counts for a meter in the period beginning at `start`."""
    return f"{meter.scope}:{meter.object}:{meter.measure}:{meter.period}:{start}"


def beat(holder: UUID) -> bool:
    """Say that this process lives; False when the others gave it up."""
    return SlotHolder.objects.filter(id=holder).update(beat_at=Now()) == 1


def _locked(orders: Sequence[Order]) -> Mapping[str, BudgetUse]:
    keys = {key_of(order): order for order in orders}
    rows = _rows(keys)
    if len(rows) < len(keys):
        fresh = (_row(key, order) for key, order in keys.items() if key not in rows)
        BudgetUse.objects.bulk_create(sorted(fresh, key=lambda row: row.key), ignore_conflicts=True)
        rows = _rows(keys)
    return rows


def _rows(keys: Iterable[str]) -> Mapping[str, BudgetUse]:
    found = BudgetUse.objects.select_for_update().filter(key__in=list(keys)).order_by("key")
    return {row.key: row for row in found}


def _row(key: str, order: Order) -> BudgetUse:
    meter = order.account.meter
    return BudgetUse(
        key=key,
        scope=meter.scope.value,
        object=meter.object,
        measure=meter.measure.value,
        period=meter.period.value,
        start=order.account.start,
    )


def _enter(row: BudgetUse, order: Order) -> Fill:
    row.granted += order.debt - order.back
    free = max(0, order.account.limit - row.granted)
    granted = min(max(order.need, order.extra), free)
    row.granted += granted
    used = row.granted - order.kept - granted
    if not row.is_warned and order.account.meter.period in {Period.DAY, Period.MONTH}:
        row.is_warned = is_nearly_used(used, order.account.limit)
        if row.is_warned:
            _note_warning(order, used)
    return Fill(granted, row.granted)


def _note_warning(order: Order, used: int) -> None:
    account = order.account
    note(
        "budgets.warn",
        actor=None,
        object_kind="budget",
        object_id=account.rule.id,
        scope=account.meter.scope.value,
        of=account.meter.object,
        measure=account.meter.measure.value,
        period=account.meter.period.value,
        since=account.start.isoformat(timespec="minutes"),
        used=str(used),
        limit=str(account.limit),
    )


def forget(holder: UUID) -> None:
    """Give back every call at once of a process that ends, or that died."""
    with transaction.atomic():
        SlotHolder.objects.filter(id=holder).delete()
        held = HeldSlots.objects.filter(holder=holder)
        for key, slots in held.order_by("key").values_list("key", "slots"):
            BudgetUse.objects.filter(key=key).update(granted=F("granted") - slots)
        held.delete()
