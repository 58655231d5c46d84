"""Django's view of this feature."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BatchesConfig(AppConfig):
    """Batches."""

    name = "allotment.runs.batches"
    label = "batches"

    def ready(self) -> None:
        """Give every app a page to run it over many rows, and forget with a person."""
        from allotment.microapps.pages.frame import offer_way_to_run  # noqa: PLC0415 - models exist only from here on
        from allotment.people import erasing  # noqa: PLC0415
        from allotment.runs.batches.forgetting import forget_person  # noqa: PLC0415

        offer_way_to_run("batches:many", _("Run many"))
        erasing.forget_with(forget_person)
