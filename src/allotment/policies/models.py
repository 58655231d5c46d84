"""Tables of budgets and of what is used of them. Private: others call `policies.budgets`.

Invariant: `BudgetUse.granted` only changes under a lock on its row, and grows beyond the limit only by what calls used
beyond their estimates. Rows of use name no person by foreign key: they outlive whatever they count for.
"""

from django.db import models

from allotment.kernel import clock
from allotment.kernel.ids import new_id

_OBJECT_LENGTH = 64


class Budget(models.Model):
    """How much of something may be used in a period: by each object of a kind, or by one object.

    A change ends the row and adds the next, so that it stays known who set what, and why.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    scope = models.CharField(max_length=12)
    object = models.CharField(max_length=_OBJECT_LENGTH, blank=True)
    """Empty: for each object of the kind."""
    measure = models.CharField(max_length=8)
    period = models.CharField(max_length=6)
    limit = models.BigIntegerField(null=True)
    """Calls, tokens or nano-dollars; null: as much as they like."""
    reason = models.CharField(max_length=300, blank=True)
    ask_person = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    ask_role = models.CharField(max_length=20, blank=True)
    set_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    """None for the budgets every installation begins with."""
    set_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    end_reason = models.CharField(max_length=300, blank=True)
    """Why it was removed; empty when another took its place."""

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("scope", "object", "measure", "period"),
                condition=models.Q(ended_at=None),
                name="policies_one_budget",
            ),
        )


class BudgetRevision(models.Model):
    """One row: how often the budgets changed. It exists once the first budgets were planted."""

    number = models.PositiveBigIntegerField(default=1)


class BudgetUse(models.Model):
    """What all processes together were granted of one budget, for one object, in one period."""

    key = models.CharField(max_length=160, primary_key=True)
    scope = models.CharField(max_length=12)
    object = models.CharField(max_length=_OBJECT_LENGTH)
    measure = models.CharField(max_length=8)
    period = models.CharField(max_length=6)
    start = models.DateTimeField()
    granted = models.BigIntegerField(default=0)
    is_warned = models.BooleanField(default=False)

    class Meta:
        indexes = (models.Index(fields=("period", "start"), name="policies_use_period"),)


class SlotHolder(models.Model):
    """A process that holds calls at once, for as long as its heart beats."""

    id = models.UUIDField(primary_key=True)
    beat_at = models.DateTimeField()


class HeldSlots(models.Model):
    """How many calls at once a process holds of one budget."""

    holder = models.UUIDField()
    key = models.CharField(max_length=160)
    slots = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("holder", "key"), name="policies_one_hold"),)
