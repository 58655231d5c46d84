"""Preparing an installation: the master key, tables, the template library, the practice model's row. Safe to repeat."""

from django.core.management import call_command

from allotment.kernel.crypto import vault
from allotment.llms.practice import plant_practice_model
from allotment.prompts.starting import plant_library


def prepare() -> None:
    """Bring the database up to date and plant what every installation has."""
    vault()  # makes the master key now, not in the middle of somebody's first run
    call_command("migrate", interactive=False, verbosity=0)
    plant_library()
    plant_practice_model()
