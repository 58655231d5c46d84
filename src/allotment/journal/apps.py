"""The Django app of the journal."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action
from allotment.web import navigation


class JournalConfig(AppConfig):
    """Registers the navigation entry."""

    name = "allotment.journal"
    label = "journal"

    def ready(self) -> None:
        """Put “Journal” into the navigation."""
        navigation.register(
            navigation.NavEntry(_("Journal"), "journal:entries", "book-open", Action.READ_JOURNAL, order=70)
        )
