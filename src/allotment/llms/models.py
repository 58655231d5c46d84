"""Tables of connections and models. Private to this package: others call its functions and `queries.py`.

Invariant: secrets exist only inside `sealed_secrets`, bound to their row; at most one model is the default;
no model stands in for itself.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from allotment.engine.spec.app import DataClass
from allotment.kernel import clock
from allotment.kernel.ids import new_id


class ConnectionState(models.TextChoices):
    """Whether a connection can be used."""

    CONNECTED = "connected", _("Connected")
    FAILING = "failing", _("Failing")
    OFF = "off", _("Off")


class Connection(models.Model):
    """An account with a provider, or a server of our own. Switched off, never deleted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=40)
    """The plugin: a folder of `adapters/providers/`."""
    title = models.CharField(_("name"), max_length=80)
    values = models.JSONField(default=dict)
    """The plugin's fields that are no secret, by name."""
    sealed_secrets = models.BinaryField(default=bytes)
    """The plugin's secret fields as one sealed JSON object; empty when there are none."""
    runs_here = models.BooleanField(default=False)
    """Whether what is asked never leaves this machine."""
    state = models.CharField(max_length=10, choices=ConnectionState, default=ConnectionState.CONNECTED)
    trouble = models.CharField(max_length=300, blank=True)
    """Why it is failing, in words."""
    revision = models.PositiveIntegerField(default=1)
    """Counts changes, so that every process knows when to connect anew."""
    added_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    """None for what the installation brings along."""
    added_at = models.DateTimeField(default=clock.now, editable=False)
    last_checked = models.DateTimeField(null=True)

    class Meta:
        ordering = ("added_at",)

    def __str__(self) -> str:
        return self.title


class LanguageModel(models.Model):
    """One model of a connection, and what the organisation decided about it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="models")
    name = models.CharField(max_length=200)
    """The provider's own name."""
    title = models.CharField(_("name"), max_length=120)
    is_on = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    is_practice = models.BooleanField(default=False)
    ceiling = models.CharField(max_length=20, default=DataClass.INTERNAL.value)
    """The highest data class it may be asked with."""
    max_tokens = models.PositiveIntegerField(default=1024)
    """The longest answer, in tokens."""
    input_price = models.PositiveBigIntegerField(null=True)
    """Billionths of a dollar per token; None to use the published price."""
    output_price = models.PositiveBigIntegerField(null=True)

    objects: ClassVar[models.Manager["LanguageModel"]] = models.Manager()

    class Meta:
        ordering = ("title",)
        constraints = (
            models.UniqueConstraint(fields=("connection", "name"), name="llms_one_row_per_model"),
            models.UniqueConstraint(
                fields=("is_default",), condition=models.Q(is_default=True), name="llms_one_default"
            ),
        )

    def __str__(self) -> str:
        return self.title


class StandIn(models.Model):
    """A model that may answer when another cannot, and its place in the order the organisation approved."""

    model = models.ForeignKey(LanguageModel, on_delete=models.CASCADE, related_name="stand_ins")
    stand_in = models.ForeignKey(LanguageModel, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("model", "position")
        constraints = (
            models.UniqueConstraint(fields=("model", "stand_in"), name="llms_stands_in_once"),
            models.UniqueConstraint(fields=("model", "position"), name="llms_one_stand_in_per_place"),
            models.CheckConstraint(
                condition=~models.Q(model=models.F("stand_in")), name="llms_no_model_stands_in_for_itself"
            ),
        )
