"""The Django app of models."""

from django.apps import AppConfig


class LlmsConfig(AppConfig):
    """Registers the navigation entry and the words of this feature."""

    name = "allotment.llms"
    label = "llms"
