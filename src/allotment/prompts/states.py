"""The words for where a version stands, where it came from, and what a template is for."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """Where a version stands. Only a draft's wording changes; only approved versions reach apps."""

    DRAFT = "draft", _("Draft")
    PROPOSED = "proposed", _("Proposed")
    APPROVED = "approved", _("Approved")
    RETIRED = "retired", _("Retired")


class Origin(models.TextChoices):
    """How a version came here."""

    WRITTEN = "written", _("Written here")
    IMPORTED = "imported", _("Imported from a file")
    STARTER = "starter", _("Comes with Allotment")


class Category(models.TextChoices):
    """What a template is for."""

    WRITING = "writing", _("Writing")
    SORTING = "sorting", _("Sorting")
    EXTRACTING = "extracting", _("Extracting")
    SUMMARISING = "summarising", _("Summarising")
    REPORTING = "reporting", _("Reporting")
