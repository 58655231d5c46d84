"""Tables of runs. Private to this package."""

from django.db import models

from allotment.kernel import clock
from allotment.kernel.ids import new_id
from allotment.web.ordered_json import OrderedJSON


class RunState(models.TextChoices):
    """Where a run stands. The last five are final."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    """A step of the app ended it with a sentence (for example: ask somebody else)."""
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL_STATES = frozenset(
    {RunState.DONE, RunState.STOPPED, RunState.REFUSED, RunState.FAILED, RunState.CANCELLED}
)


class Run(models.Model):
    """One run of one app by one person."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    app = models.ForeignKey("microapps.MicroApp", on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(null=True)
    """None for a trial of the working copy."""
    spec = OrderedJSON()
    """The definition as it was read from the app at the start; a run never sees a later edit."""
    digest = models.CharField(max_length=80)
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    space = models.ForeignKey("people.Space", on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.WAITING)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    finished_at = models.DateTimeField(null=True)
    form = models.BinaryField()
    """Sealed JSON: what the person filled in, field by field."""
    result = models.BinaryField(null=True)
    """Sealed JSON: what is shown, part by part."""
    told = models.BinaryField(default=bytes)
    """Sealed JSON: why it stopped, was refused or failed, for the person, and what to do. Empty without words."""
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost_nanodollars = models.BigIntegerField(default=0)
    masked = models.PositiveIntegerField(default=0)
    """How many details were masked before they left."""
    withheld = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = (
            models.Index(fields=("app", "person", "-created_at"), name="runs_by_app_and_person"),
            models.Index(fields=("app", "-created_at"), name="runs_by_app"),
            models.Index(fields=("person", "-created_at"), name="runs_by_person"),
            models.Index(fields=("state",), name="runs_by_state"),
            models.Index(fields=("created_at",), name="runs_by_time"),
        )


class RunStep(models.Model):
    """What one finished step used: the lines of the receipt."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    step = models.CharField(max_length=60)
    template = models.CharField(max_length=90, blank=True)
    model = models.CharField(max_length=120, blank=True)
    runs_here = models.BooleanField(default=False)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost_nanodollars = models.BigIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(default=0)
    masked = models.JSONField(default=dict)
    withheld = models.JSONField(default=dict)
    warnings = models.JSONField(default=list)
    """Sentences about budgets that are nearly used up, and about rows without an answer: our own words, for they go
    into the receipt, which is not sealed."""
    entry = models.BigIntegerField(null=True)
    """Number of the journal entry."""
    outcome = models.BinaryField()
    """Sealed JSON: the answer, and the values behind its placeholders. What a restart goes on from."""
    finished_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "step"), name="runs_one_row_per_step"),)


class RunReceipt(models.Model):
    """The receipt of a run that is over. Written once, in the transaction that ends the run."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="receipt")
    text = models.TextField()
    """Canonical JSON; the journal holds its digest. Nothing in it is about a person but ids. Empty where `sealed`
    holds it."""
    sealed = models.BinaryField(default=bytes)
    """The text of a receipt of before nothing was quoted in them. Empty for those of today."""
    entry = models.BigIntegerField()
    """Ticket of the journal entry that holds the digest."""
    salt = models.BinaryField(null=True)
    """Sealed: with it, the result can be checked against the receipt. None without a result."""


class RunTable(models.Model):
    """A table that a step computed."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="tables")
    path = models.CharField(max_length=80)
    """`steps.<step>`."""
    content = models.BinaryField()
    """Sealed Parquet, with the types of its columns."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "path"), name="runs_one_table_per_path"),)


class RunEvent(models.Model):
    """One thing that happened, in order; the page follows these and replays them after a reconnect."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    payload = models.BinaryField()
    """Sealed JSON."""
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "number"), name="runs_events_in_order"),)


class RunDocument(models.Model):
    """A file somebody handed to a run, sealed. Its name is what the run's form holds in this field."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="documents")
    field = models.CharField(max_length=60)
    content = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "field"), name="runs_one_document_per_field"),)
