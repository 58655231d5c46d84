"""Preparing an installation: tables, the master key, the template library, the practice model's row. Safe to repeat.

Invariant: nothing is sealed, by a migration either, before the master key was found to be the right one.
"""

import logging

from django.core.management import call_command

from allotment.keys import wiping
from allotment.keys.opening import open_keys
from allotment.llms.practice import plant_practice_model
from allotment.prompts.starting import plant_library

_log = logging.getLogger(__name__)


def prepare() -> None:
    """Bring the database up to date and plant what every installation has."""
    call_command("migrate", "keys", interactive=False, verbosity=0)
    open_keys()  # now, not in the middle of an upgrade or of somebody's first run
    call_command("migrate", interactive=False, verbosity=0)
    _wipe_what_is_owed()
    plant_library()
    plant_practice_model()


def _wipe_what_is_owed() -> None:
    """Remove from the database's files what the migrations just sealed, or what an earlier process had to leave."""
    tables = wiping.owed()
    if not tables:
        return
    _log.warning(
        "Removing what was sealed or erased from the files of the database (%s). With many rows it takes minutes.",
        ", ".join(tables),
    )
    if not wiping.wipe(*tables):
        _log.warning(
            "Others use the database, or its disk is full, so that earlier content of %s is still in its files. %s",
            ", ".join(wiping.owed()),
            wiping.REMEDY,
        )
