"""Django's view of this feature."""

from django.apps import AppConfig


class SheetsConfig(AppConfig):
    """Sheets."""

    name = "allotment.sheets"

    def ready(self) -> None:
        """Forget the sheets of people who are erased."""
        from allotment.people import erasing  # noqa: PLC0415 - models exist only from here on
        from allotment.sheets.forgetting import forget_person  # noqa: PLC0415

        erasing.forget_with(forget_person)
