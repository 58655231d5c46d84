"""Tells Django about micro apps."""

from django.apps import AppConfig


class MicroappsConfig(AppConfig):
    """The micro apps feature."""

    name = "allotment.microapps"
    label = "microapps"
