"""The Django app of the journal."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    """Registers the navigation entry of the journal."""

    name = "allotment.journal"
    label = "journal"
