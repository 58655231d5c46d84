"""Django's view of this feature."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    """Records."""

    name = "allotment.records"

    def ready(self) -> None:
        """Give apps that have saved something a page for it, and forget with a person."""
        from allotment.microapps.pages.frame import offer_tab  # noqa: PLC0415 - models exist only from here on
        from allotment.people import erasing  # noqa: PLC0415
        from allotment.records.forgetting import forget_person  # noqa: PLC0415
        from allotment.records.queries import has_records  # noqa: PLC0415

        erasing.forget_with(forget_person)
        offer_tab("records:collections", _("Records"), has_records)
