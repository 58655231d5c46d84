"""Columns that the database computes from an entry's body.

Invariant: nobody writes them, so they cannot differ from the text that is proved, as long as the table is as it was
made. Whoever rules the database can make another; `verify` asks `are_computed`, and pages show the text.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BooleanField, F, Field, Func, GeneratedField, Model, UUIDField
from django.db.models.sql.compiler import SQLCompiler

_COMPUTED = (
    "SELECT attname, pg_get_expr(adbin, adrelid) FROM pg_attribute JOIN pg_attrdef"
    " ON adrelid = attrelid AND adnum = attnum WHERE attrelid = %s::regclass AND attgenerated = 's'"
)


class BodyField(Func):
    """The value of one key of the JSON text in `body`."""

    def __init__(self, key: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(F("body"), output_field=output_field)
        self.key = key

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any) -> Any:
        """Return the SQL; Django keeps a UUID as 32 hex digits there."""
        template = f"json_extract(%(expressions)s, '$.{self.key}')"
        if isinstance(self.output_field, UUIDField):
            template = f"replace({template}, '-', '')"
        return self.as_sql(compiler, connection, template=template)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any) -> Any:
        """Return the SQL. `json`, not `jsonb`: it is only scanned, which is cheaper for one key."""
        template = f"((%(expressions)s)::json ->> '{self.key}')"
        if isinstance(self.output_field, UUIDField | BooleanField):
            template += f"::{self.output_field.db_type(connection)}"
        return self.as_sql(compiler, connection, template=template)


class FromBody(GeneratedField):
    """A column named like the key it shows.

    PostgreSQL 15 can only store such columns. SQLite computes them when they are read or indexed, which makes rows
    a third smaller and inserting faster; `make_table` sees to that.
    """

    db_persist: bool

    def __init__(self, shown: "Field[Any, Any]", **kwargs: Any) -> None:
        self.shown = shown
        super().__init__(
            expression=BodyField("", shown),
            output_field=shown,
            db_persist=True,
            null=shown.null,
            unique=shown.unique,
            **kwargs,
        )

    def contribute_to_class(self, cls: type[Model], name: str, *args: Any, **kwargs: Any) -> None:
        """Take the key from the attribute's name."""
        self.expression = BodyField(name, self.shown)
        super().contribute_to_class(cls, name, *args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """Return what makes the same field."""
        name, path, _, _ = super().deconstruct()
        return name, path, [self.shown], {}


def make_table(editor: BaseDatabaseSchemaEditor, model: type[Model]) -> None:
    """Make the table of a model that has such columns."""
    _as_made_by(editor.connection, model)
    editor.create_model(model)


def are_computed(connection: BaseDatabaseWrapper, model: type[Model]) -> bool:
    """Whether the database says that it computes the columns of a model as `make_table` has it do."""
    fields = _as_made_by(connection, model)
    table = model._meta.db_table  # noqa: SLF001 - Django's documented API
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_COMPUTED, [table])
            made = dict(cursor.fetchall())
            return all(made.get(field.name) == _computed(field, connection) for field in fields)
        cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = %s", [table])
        expected, _ = connection.SchemaEditorClass(connection).table_sql(model)
        return bool(cursor.fetchone() == (expected,))


def _as_made_by(connection: BaseDatabaseWrapper, model: type[Model]) -> list[FromBody]:
    """Return those columns of a model, stored or not as this database does it best."""
    fields = [field for field in model._meta.local_fields if isinstance(field, FromBody)]  # noqa: SLF001 - as above
    for field in fields:
        field.db_persist = not connection.features.supports_virtual_generated_columns
    return fields


def _computed(field: FromBody, connection: BaseDatabaseWrapper) -> str:
    """Return the expression of a column as PostgreSQL shows it."""
    said = f"((body)::json ->> '{field.name}'::text)"
    is_text = not isinstance(field.shown, UUIDField | BooleanField)
    return said if is_text else f"({said})::{field.shown.db_type(connection)}"
