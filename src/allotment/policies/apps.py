"""Tells Django about policies, and lets them decide who sees which entry of the navigation."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action
from allotment.journal import naming, sentences
from allotment.journal.sentences import Phrase


class PoliciesConfig(AppConfig):
    """The policies feature."""

    name = "allotment.policies"
    label = "policies"

    def ready(self) -> None:
        """Register the pages of rules, install the decision, and let the journal say by which rules it was made."""
        from allotment.journal.recording import stamp_policies_with  # noqa: PLC0415 - tables exist from here on
        from allotment.policies.authority import may_open  # noqa: PLC0415
        from allotment.policies.budgets.queries import budget_names  # noqa: PLC0415
        from allotment.policies.rulebook import installed_version  # noqa: PLC0415
        from allotment.web import navigation  # noqa: PLC0415

        stamp_policies_with(installed_version)
        navigation.install(may_open)
        navigation.register(
            navigation.NavEntry(
                _("Rules"),
                "policies:rules",
                "scale",
                Action.SEE_POLICIES,
                order=80,
                place=navigation.Place.PERSON,
            )
        )
        navigation.register(
            navigation.NavEntry(
                _("Budgets"),
                "policies:budgets",
                "chart-bar",
                Action.SEE_BUDGETS,
                order=75,
                place=navigation.Place.PERSON,
            )
        )
        navigation.register(
            navigation.NavEntry(
                _("What you may use"),
                "policies:my_budgets",
                "chart-pie",
                Action.OWN_ACCOUNT,
                order=20,
                place=navigation.Place.PERSON,
            )
        )
        naming.register("budget", budget_names)
        sentences.register(
            {
                "budgets.set": Phrase(_("set the budget %(object)s"), _("set the budget %(object)s")),
                "budgets.remove": Phrase(
                    _("removed the budget %(object)s"), _("remove the budget %(object)s")
                ),
                "budgets.warn": Phrase(
                    _("saw that 80 %% of the budget %(object)s are used"),
                    _("see whether 80 %% of the budget %(object)s are used"),
                ),
            }
        )
