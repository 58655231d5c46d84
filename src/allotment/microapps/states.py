"""The words for where an app stands: its state, its audience, its risk tier, what became of a review."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """Where an app is in its life."""

    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    PUBLISHED = "published", _("Published")
    PARKED = "parked", _("Parked")
    RETIRED = "retired", _("Retired")


class Audience(models.TextChoices):
    """Who may run an app."""

    ME = "me", _("Only me")
    PEOPLE = "people", _("People I name")
    SPACE = "space", _("Everyone in a space")
    ORGANISATION = "organisation", _("Everyone in the organisation")


class Tier(models.TextChoices):
    """How much can go wrong; computed, never typed."""

    LOW = "low", _("Low risk")
    MEDIUM = "medium", _("Medium risk")
    HIGH = "high", _("High risk")
    PROHIBITED = "prohibited", _("Not permitted")


class Outcome(models.TextChoices):
    """What became of a review."""

    PENDING = "pending", _("Waiting")
    APPROVED = "approved", _("Approved")
    SENT_BACK = "sent_back", _("Sent back")
    WITHDRAWN = "withdrawn", _("Withdrawn")
