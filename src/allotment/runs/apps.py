"""Django's view of this feature."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action
from allotment.journal import naming, sentences
from allotment.journal.sentences import Phrase
from allotment.web.navigation import NavEntry, Place, register


class RunsConfig(AppConfig):
    """Runs."""

    name = "allotment.runs"

    def ready(self) -> None:
        """Enter the navigation; tell the lists of apps how often each ran."""
        from allotment.microapps import statistics  # noqa: PLC0415 - models exist only from here on
        from allotment.people import erasing  # noqa: PLC0415
        from allotment.runs.forgetting import forget_person  # noqa: PLC0415
        from allotment.runs.naming import run_names  # noqa: PLC0415
        from allotment.runs.statistics import run_statistics  # noqa: PLC0415

        statistics.use(run_statistics)
        erasing.forget_with(forget_person)
        naming.register("run", run_names)
        took = Phrase(_("asked for the receipt of a row of %(object)s"), _("ask for a receipt of %(object)s"))
        sentences.register({"runs.receipt": took})
        register(
            NavEntry(
                label=_("Your results"),
                url_name="runs:all_results",
                icon="clock",
                action=Action.SEE_RUN,
                order=10,
                place=Place.PERSON,
            )
        )
