"""The Django app of the design system."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers the design system's templates and template tags."""

    name = "allotment.web"
    label = "web"
