"""Tables of batches. Private to this package."""

from django.db import models

from allotment.kernel import clock
from allotment.kernel.ids import new_id
from allotment.web.ordered_json import OrderedJSON


class BatchState(models.TextChoices):
    """Where a batch stands. The last three are final, but failed rows may be tried again."""

    PREPARING = "preparing"
    """Its rows are being stored."""
    WORKING = "working"
    PAUSED = "paused"
    """By the person, or because going on makes no sense now; `told` says why."""
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """It could not be prepared."""


AT_WORK = frozenset({BatchState.PREPARING, BatchState.WORKING})
FINAL = frozenset({BatchState.DONE, BatchState.CANCELLED, BatchState.FAILED})


class RowState(models.TextChoices):
    """Where one row stands."""

    WAITING = "waiting"
    SAME = "same"
    """Filled in like an earlier row, whose answer it waits for."""
    DONE = "done"
    STOPPED = "stopped"
    """A step of the app ended it with a sentence."""
    REFUSED = "refused"
    FAILED = "failed"
    UNFIT = "unfit"
    """Its cells do not fit the form; nothing was asked, and trying again cannot help."""


NOT_YET = frozenset({RowState.WAITING, RowState.SAME})
TRIED_IN_VAIN = frozenset({RowState.REFUSED, RowState.FAILED})


class Batch(models.Model):
    """One app over many rows; with `run`, one `for each` step of that run."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    app = models.ForeignKey("microapps.MicroApp", on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(null=True)
    """None for a trial of the working copy, which only a step of a run can be part of."""
    spec = OrderedJSON()
    """What each row goes through, as it was read at the start."""
    digest = models.CharField(max_length=80)
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    space = models.ForeignKey("people.Space", on_delete=models.PROTECT, null=True, related_name="+")
    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, null=True, related_name="+")
    step = models.CharField(max_length=60, blank=True)
    sheet = models.UUIDField(null=True)
    """Where the rows come from, until they are stored."""
    about = models.BinaryField()
    """Sealed JSON: name of the file, its columns, what they were matched with, a key for digests."""
    same_once = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=BatchState.choices, default=BatchState.PREPARING)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    finished_at = models.DateTimeField(null=True)
    told = models.BinaryField(default=bytes)
    """Sealed JSON: why it is paused or failed, for the person, and what to do. Empty without words."""
    waits_for = models.TextField(blank=True)
    """What holds it up right now although it is at work; empty when nothing does. In the clear, for these are our own
    words: no provider's, and without anybody's name."""

    rows_expected = models.PositiveIntegerField()
    rows = models.PositiveIntegerField(default=0)
    """Stored so far; all of them once it is `working`."""
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    unfit = models.PositiveIntegerField(default=0)
    copied = models.PositiveIntegerField(default=0)
    """How many of those done took the answer of a row filled in alike."""
    tokens_in = models.BigIntegerField(default=0)
    tokens_out = models.BigIntegerField(default=0)
    cost_nanodollars = models.BigIntegerField(default=0)
    masked = models.JSONField(default=dict)
    """How many details of each kind were masked before they left."""
    withheld = models.JSONField(default=dict)
    model = models.CharField(max_length=120, blank=True)
    """The title of the model that answered last."""
    runs_here = models.BooleanField(default=False)
    entry = models.BigIntegerField(null=True)
    """Ticket of the journal entry of its end, which holds the digest over all rows."""

    worked_seconds = models.FloatField(default=0.0)
    working_since = models.DateTimeField(null=True)
    """Since when a process has been at it; None while none is."""
    worker = models.UUIDField(null=True)
    """The process that is at it."""
    beat_at = models.DateTimeField(null=True)
    """When that process last showed that it lives."""

    class Meta:
        indexes = (
            models.Index(fields=("app", "person", "-created_at"), name="batches_by_app_and_person"),
            models.Index(fields=("person", "-created_at"), name="batches_by_person"),
            models.Index(fields=("state",), name="batches_by_state"),
        )
        constraints = (models.UniqueConstraint(fields=("run", "step"), name="batches_one_per_step"),)


class BatchRow(models.Model):
    """One row, with what it was given and what came back."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    """From 1, in the order of the file."""
    state = models.CharField(max_length=8, choices=RowState.choices, default=RowState.WAITING)
    given = models.BinaryField()
    """Sealed JSON: the cells of the file, and the form as text."""
    progress = models.BinaryField(default=bytes)
    """Sealed JSON: answers of steps so far, and the values behind their placeholders. Empty before the first."""
    result = models.BinaryField(default=bytes)
    """Sealed JSON: the cells of the result columns. Empty without any."""
    told = models.BinaryField(default=bytes)
    """Sealed JSON: why it has no answer, and what to do. Empty without words, and where the row `same_as` has them."""
    alike = models.BinaryField(max_length=32, null=True)
    """Keyed digest of the form, where rows filled in alike are answered once."""
    same_as = models.PositiveIntegerField(null=True)
    """The number of the row whose answer this one takes."""
    tries = models.PositiveSmallIntegerField(default=0)
    """How often it was put back after it had failed."""
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost_nanodollars = models.BigIntegerField(default=0)
    entry = models.BigIntegerField(null=True)
    """Ticket of the journal entry of its last answer."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("batch", "number"), name="batches_rows_in_order"),)
        indexes = (
            models.Index(fields=("batch", "state", "number"), name="batches_rows_by_state"),
            models.Index(
                fields=("batch", "alike"), name="batches_rows_alike", condition=~models.Q(alike=None)
            ),
            models.Index(
                fields=("batch", "same_as"), name="batches_rows_same_as", condition=~models.Q(same_as=None)
            ),
        )
