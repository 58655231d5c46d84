"""Tells Django about policies, and lets them decide who sees which entry of the navigation."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action


class PoliciesConfig(AppConfig):
    """The policies feature."""

    name = "allotment.policies"
    label = "policies"

    def ready(self) -> None:
        """Register the page of rules and install the decision."""
        from allotment.policies.authority import may_open  # noqa: PLC0415 - tables exist only from here on
        from allotment.web import navigation  # noqa: PLC0415

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
