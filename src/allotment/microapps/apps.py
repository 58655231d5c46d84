"""Tells Django about micro apps, and enters their pages in the navigation."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action
from allotment.engine.gate.budgets import Scope
from allotment.journal import naming
from allotment.people.api_keys import owning
from allotment.policies.budgets import offering
from allotment.web.navigation import NavEntry, register


class MicroappsConfig(AppConfig):
    """The micro apps feature."""

    name = "allotment.microapps"
    label = "microapps"

    def ready(self) -> None:
        """Enter the navigation, name apps in the journal, and let budgets and API keys be for apps."""
        from allotment.microapps import queries  # noqa: PLC0415 - tables exist only from here on

        naming.register("app", queries.app_titles)
        offering.offer(Scope.APP, queries.app_choices)
        owning.find_apps_with(queries.apps_for_keys)
        register(NavEntry(_("Home"), "microapps:home", "home", Action.SEE_HOME, order=10))
        register(NavEntry(_("Apps"), "microapps:apps", "squares-2x2", Action.SEE_APP, order=20))
        register(
            NavEntry(
                _("Reviews"), "microapps:reviews", "clipboard-document-check", Action.REVIEW_APP, order=60
            )
        )
