"""Django's view of this feature."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """Runs."""

    name = "allotment.runs"
