"""Tables of apps, their versions and the reviews of versions. Private to this package.

Invariant: a version never changes after it is saved; an app row is never deleted.
"""

from django.db import models

from allotment.kernel import clock
from allotment.kernel.errors import Conflict
from allotment.kernel.ids import new_id
from allotment.microapps.states import Audience, Outcome, State, Tier
from allotment.web.ordered_json import OrderedJSON


class MicroApp(models.Model):
    """An app: who looks after it, who may run it, the spec being edited and the version that runs."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    purpose = models.CharField(max_length=500, blank=True)
    owner = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    deputy = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    space = models.ForeignKey("people.Space", on_delete=models.PROTECT, null=True, related_name="+")
    audience = models.CharField(max_length=12, choices=Audience, default=Audience.ME)
    people = models.ManyToManyField("people.Person", related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    tier = models.CharField(max_length=10, choices=Tier, default=Tier.LOW)
    working_spec = OrderedJSON()
    """The spec being edited, as plain data. It may be broken while it is edited."""
    working_revision = models.PositiveIntegerField(default=1)
    working_saved_at = models.DateTimeField(default=clock.now)
    published_version = models.ForeignKey(
        "microapps.AppVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    starter = models.CharField(max_length=60, blank=True)
    near_starters = models.JSONField(default=list)
    """Names of the starters that came next when the app was drafted from a sentence."""
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ("title",)
        indexes = (
            models.Index(fields=("state", "audience"), name="microapps_state_audience"),
            models.Index(fields=("owner", "state"), name="microapps_owner_state"),
        )

    def __str__(self) -> str:
        return self.title


class AppVersion(models.Model):
    """One saved version of an app's spec. Written once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    app = models.ForeignKey(MicroApp, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    spec = OrderedJSON()
    digest = models.CharField(max_length=80)
    behaviour_digest = models.CharField(max_length=80)
    author = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("app", "number"), name="microapps_one_number"),)

    def save(self, *args: object, **kwargs: object) -> None:
        """Write the version; refuses to write it a second time."""
        if not self._state.adding:
            raise Conflict(
                f"Version {self.number} is saved and cannot change.", hint="Save a new version instead."
            )
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class Review(models.Model):
    """A request to share one version with one audience, and what was decided."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    app = models.ForeignKey(MicroApp, on_delete=models.PROTECT, related_name="reviews")
    version = models.ForeignKey(AppVersion, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=80)
    """What approval binds to: the version's behaviour and whom it is shared with."""
    audience = models.CharField(max_length=12, choices=Audience)
    space = models.ForeignKey("people.Space", on_delete=models.PROTECT, null=True, related_name="+")
    people = models.ManyToManyField("people.Person", related_name="+")
    tier = models.CharField(max_length=10, choices=Tier)
    requested_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=clock.now, editable=False)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.PENDING)
    decided_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("requested_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("app",),
                condition=models.Q(outcome="pending"),
                name="microapps_one_pending_review",
            ),
        )
