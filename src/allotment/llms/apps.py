"""The Django app of models."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action
from allotment.web import navigation


class LlmsConfig(AppConfig):
    """Registers the navigation entry."""

    name = "allotment.llms"
    label = "llms"

    def ready(self) -> None:
        """Put “Models” into the navigation."""
        navigation.register(
            navigation.NavEntry(_("Models"), "llms:models", "cpu-chip", Action.SEE_MODEL, order=40)
        )
