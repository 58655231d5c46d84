"""Tells Django about the template library, and adds it to the navigation."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action
from allotment.web import navigation


class PromptsConfig(AppConfig):
    """The template library."""

    name = "allotment.prompts"
    label = "prompts"

    def ready(self) -> None:
        """Register the list of templates."""
        navigation.register(
            navigation.NavEntry(
                _("Templates"), "prompts:list", "document-text", Action.SEE_TEMPLATE, order=30
            )
        )
