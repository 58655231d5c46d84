"""JSON whose keys keep their order, on PostgreSQL too: a definition is shown and asked in its maker's order."""

import json
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import JSONField


class OrderedJSON(JSONField):
    """Stored as `json`, which keeps the text, where Django takes `jsonb`, which sorts keys by their length.

    It can be read and written, not compared or searched by key.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """Return the type of the column."""
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """Return what the database driver takes."""
        if connection.vendor != "postgresql" or value is None:
            return super().get_db_prep_value(value, connection, prepared)
        return json.dumps(value, cls=self.encoder)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        """Return what was stored; PostgreSQL's driver has read it already."""
        if connection.vendor == "postgresql" and not isinstance(value, str | bytes):
            return value
        return super().from_db_value(value, expression, connection)
