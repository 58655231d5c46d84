"""Tells Django about micro apps, and enters their pages in the navigation."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action
from allotment.engine.gate.budgets import Scope
from allotment.policies.budgets import offering
from allotment.web.navigation import NavEntry, register


class MicroappsConfig(AppConfig):
    """The micro apps feature."""

    name = "allotment.microapps"
    label = "microapps"

    def ready(self) -> None:
        """Enter the navigation, and let budgets be set for apps."""
        from allotment.microapps.queries import app_choices  # noqa: PLC0415 - tables exist only from here on

        offering.offer(Scope.APP, app_choices)
        register(NavEntry(_("Home"), "microapps:home", "home", Action.SEE_HOME, order=10))
        register(NavEntry(_("Apps"), "microapps:apps", "squares-2x2", Action.SEE_APP, order=20))
        register(
            NavEntry(
                _("Reviews"), "microapps:reviews", "clipboard-document-check", Action.REVIEW_APP, order=60
            )
        )
