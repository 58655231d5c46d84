"""The table of API keys. Private to this package."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from allotment.engine.spec.app import DataClass
from allotment.kernel import clock
from allotment.kernel.ids import new_id
from allotment.people.api_keys.wording import PUBLIC_LENGTH

MOST_NAME = 80
MOST_REASON = 300
"""Characters."""


class FreeForm(models.TextChoices):
    """How the right to ask with words of one's own stands."""

    NONE = "none", _("Approved templates only")
    ASKED = "asked", _("Asked for")
    GRANTED = "granted", _("Own words granted")
    DECLINED = "declined", _("Not granted")
    WITHDRAWN = "withdrawn", _("Taken back")


class ApiKey(models.Model):
    """A key: whose, for what, until when. Revoked, never deleted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    public = models.CharField(max_length=PUBLIC_LENGTH, unique=True)
    secret_digest = models.BinaryField(max_length=32)
    name = models.CharField(max_length=MOST_NAME)
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="api_keys")
    app = models.UUIDField(null=True, db_index=True)
    """The app in whose name it asks. Apps live above people, so this is their id and no foreign key."""
    data_class = models.CharField(max_length=12, default=DataClass.INTERNAL.value)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    """To the hour."""
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    free_form = models.CharField(max_length=10, choices=FreeForm, default=FreeForm.NONE)
    free_form_reason = models.CharField(max_length=MOST_REASON, blank=True)
    free_form_decided_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, related_name="+"
    )
    free_form_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("revoked_at", "expires_at"), name="people_apikey_usable"),)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(free_form=FreeForm.GRANTED)
                | (
                    models.Q(free_form_until__isnull=False, free_form_decided_by__isnull=False, app=None)
                    & ~models.Q(free_form_decided_by=models.F("person"))
                ),
                name="people_apikey_granted_by_another",
            ),
        )

    def __str__(self) -> str:
        return self.name
