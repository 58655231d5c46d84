"""`allotment doctor`: what is well, what is not, and what to do about it."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

import click
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from allotment.adapters.providers.practice import weights
from allotment.cli.printing import as_json as print_json
from allotment.cli.printing import json_option
from allotment.journal import sequencing
from allotment.kernel.errors import AllotmentError
from allotment.kernel.settings import settings
from allotment.keys.opening import open_keys
from allotment.keys.queries import is_master_key_private, keys_status
from allotment.keys.wiping import REMEDY, owed
from allotment.people.queries import has_administrator
from allotment.policies import rulebook

_LITTLE_SPACE_BYTES = 500 * 1024 * 1024


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    what: str
    is_well: bool
    words: str
    remedy: str = ""


def _home() -> Finding:
    home = settings().home
    mode = home.stat().st_mode & 0o077
    free = shutil.disk_usage(home).free
    if mode:
        return Finding("Folder", False, f"{home} can be read by others.", f"Run: chmod 700 {home}")
    if free < _LITTLE_SPACE_BYTES:
        return Finding(
            "Folder", False, f"{home} has {free // 1024**2} MB left.", "Free some space on that disk."
        )
    return Finding("Folder", True, f"{home}, {free // 1024**3} GB free")


def _database() -> Finding:
    connection = connections["default"]
    waiting = MigrationExecutor(connection).migration_plan(
        MigrationExecutor(connection).loader.graph.leaf_nodes()
    )
    if waiting:
        return Finding("Database", False, f"{len(waiting)} updates are not applied.", "Run: allotment up")
    return Finding("Database", True, f"{connection.vendor}, up to date")


def _master_key() -> Finding:
    open_keys()
    status = keys_status()
    if not is_master_key_private():
        path = settings().master_key_file
        return Finding("Master key", False, "Others can read the master key.", f"Run: chmod 600 {path}")
    if status.is_changing:
        return Finding("Master key", False, "Its rotation is not finished.", "Run: allotment keys rotate")
    return Finding(
        "Master key",
        True,
        f"{status.master} in {status.place}; keep a copy somewhere safe, outside this machine",
    )


def _erased() -> Finding:
    tables = owed()
    if tables:
        words = f"Earlier content of {', '.join(tables)} is still in the files of the database."
        return Finding("Erased", False, words, REMEDY)
    return Finding("Erased", True, "nothing of it is left in the files of the database")


def _policies() -> Finding:
    return Finding("Policies", True, f"{len(rulebook.installed().rules)} in force")


def _journal() -> Finding:
    state = sequencing.state()
    if state.trouble:
        return Finding("Journal", False, state.trouble, state.remedy)
    return Finding("Journal", True, f"{state.signed:,} entries signed, {state.waiting:,} waiting for a place")


def _people() -> Finding:
    if not has_administrator():
        return Finding(
            "People", False, "There is no administrator.", "Run `allotment up` and open its set-up link."
        )
    return Finding("People", True, "there is an administrator")


def _practice_model() -> Finding:
    if not weights.is_right(settings().practice_model_file):
        return Finding(
            "Practice model", False, "It is not installed.", "Run: make model (everything else works)"
        )
    return Finding("Practice model", True, "installed, digest right")


_LOOKS: tuple[Callable[[], Finding], ...] = (
    _home,
    _database,
    _master_key,
    _erased,
    _policies,
    _journal,
    _people,
    _practice_model,
)


def _look(look: Callable[[], Finding]) -> Finding:
    what = look.__name__.strip("_").replace("_", " ").capitalize()
    try:
        return look()
    except AllotmentError as error:
        return Finding(what, False, error.message, error.hint)
    except (DatabaseError, OSError) as error:
        return Finding(what, False, str(error), "Check that the disk and the database can be reached.")


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check this installation; exits with 1 when something needs mending."""
    findings = [_look(look) for look in _LOOKS]
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            mark = click.style("well  ", fg="green") if finding.is_well else click.style("mend  ", fg="red")
            click.echo(f"{mark} {finding.what}: {finding.words}")
            if finding.remedy:
                click.echo(f"       {finding.remedy}")
    sys.exit(0 if all(finding.is_well for finding in findings) else 1)
