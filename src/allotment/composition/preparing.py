"""Preparing an installation: tables, the master key, the template library, the practice model's row. Safe to repeat."""

from django.core.management import call_command

from allotment.keys.opening import open_keys
from allotment.llms.practice import plant_practice_model
from allotment.prompts.starting import plant_library


def prepare() -> None:
    """Bring the database up to date and plant what every installation has."""
    call_command("migrate", interactive=False, verbosity=0)
    open_keys()  # now, not in the middle of somebody's first run
    plant_library()
    plant_practice_model()
