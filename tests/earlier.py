"""The tables as an earlier version had them, which kept names and words in the clear."""

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE = [("sheets", "0001_initial"), ("batches", "0003_keep_order"), ("runs", "0005_keep_order")]
WORDS = {"message": "It was refused.", "remedy": "It said: “Xanthippe”"}


def tables_of_before() -> Any:
    """Make the tables as they were and return the models of then. They must be empty: there is no way back for rows."""
    executor = MigrationExecutor(connection)
    for migration in executor.loader.graph.nodes.values():
        migration.operations = [one for one in migration.operations if one.reversible]
    executor.migrate(BEFORE)
    return MigrationExecutor(connection).loader.project_state(BEFORE).apps


def tables_of_now() -> None:
    """Apply the migrations, and nothing else of what a start does."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
