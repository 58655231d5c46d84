"""Tables of templates and their versions. Private to this package: others call its functions.

Invariant: a family's numbers are unique; wording changes only in a draft; an approver is never the author, and every
approved version says when. The database keeps the last two as well. Wording is not secret and not encrypted.
"""

from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from allotment.engine.templates import Template as FilledTemplate
from allotment.engine.templates import template_digest
from allotment.kernel import clock
from allotment.kernel.errors import Conflict
from allotment.kernel.ids import new_id
from allotment.prompts.slots import slots_from_data
from allotment.prompts.states import Category, Origin, State
from allotment.prompts.wording import Wording


class Template(models.Model):
    """A family of versions under one name."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    purpose = models.CharField(max_length=500, blank=True)
    category = models.CharField(max_length=12, choices=Category, default=Category.WRITING)
    owner = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    """None for those that come with Allotment."""
    space = models.ForeignKey("people.Space", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ("title", "name")

    def __str__(self) -> str:
        return self.title


class TemplateVersion(models.Model):
    """One numbered version: its wording, and what was decided about it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    family = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    system = models.TextField(blank=True)
    user = models.TextField()
    slots = models.JSONField(default=list)
    """Slots as `prompts.slots` writes them."""
    digest = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.WRITTEN)
    note = models.TextField(blank=True)
    """What an import left out, or why a steward sent the version back."""
    author = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    approver = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    decided_at = models.DateTimeField(null=True)
    recalled_at = models.DateTimeField(null=True)
    recalled_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    recall_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("family", "number"), name="prompts_one_number_per_family"),
            models.CheckConstraint(
                condition=~models.Q(author=models.F("approver")), name="prompts_author_is_not_approver"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=State.APPROVED) | models.Q(decided_at__isnull=False),
                name="prompts_approved_has_a_date",
            ),
        )
        indexes = (models.Index(fields=("state", "family"), name="prompts_state_family"),)

    def __str__(self) -> str:
        return self.reference

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the version with its digest; refuses changed wording once the stored version is no draft."""
        said = {"system": self.system, "user": self.user, "slots": self.slots}
        locked = TemplateVersion.objects.filter(pk=self.pk).exclude(state=State.DRAFT).values(*said).first()
        if locked is not None and locked != said:
            raise Conflict(
                _("The wording of “%(version)s” is locked.") % {"version": self.reference},
                hint=_("Start a new version from it."),
            )
        wording = self.wording
        self.digest = template_digest(wording.system, wording.user, wording.slots)
        super().save(*args, **kwargs)

    @property
    def reference(self) -> str:
        """`name@number`, as app specs write it."""
        return f"{self.family.name}@{self.number}"

    @property
    def wording(self) -> Wording:
        """The version's wording as a value."""
        return Wording(self.system, self.user, slots_from_data(self.slots))

    @property
    def is_recalled(self) -> bool:
        """Whether it must not be used any more, anywhere."""
        return self.recalled_at is not None

    @property
    def is_usable(self) -> bool:
        """Whether apps may use it now."""
        return self.state == State.APPROVED and not self.is_recalled

    def value(self) -> FilledTemplate:
        """Return the version as the engine fills it."""
        wording = self.wording
        return FilledTemplate(
            self.family.name,
            self.number,
            self.family.title,
            wording.system,
            wording.user,
            wording.slots,
            self.digest,
        )
