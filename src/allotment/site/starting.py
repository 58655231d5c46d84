"""Starting Django with these settings, in any process."""

import os

import django


def start_django() -> None:
    """Name the settings and load the features. Safe to call twice."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "allotment.site.django_settings"  # noqa: TID251 - Django's own way in
    django.setup()
