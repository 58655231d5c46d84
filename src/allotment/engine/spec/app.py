"""The values of an app spec. What people, reviewers, the builder and the interpreter all read.

Invariant: these structs are the whole language; unknown keys are refused. Values are named by dotted path
only (`form.x`, `steps.reply`, `steps.details.amount`). `engine.spec.validation` checks what types cannot.
"""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from allotment.engine.lines import Line, OptionalLine
from allotment.engine.spec.words import (
    MOST_FIELDS,
    MOST_OPTIONS,
    MOST_STEPS,
    Name,
    OptionalName,
    OptionalPath,
    Options,
    Paragraph,
    Path,
    RowSource,
    SampleText,
    Source,
    TemplateReference,
)
from allotment.engine.tables.columns import ColumnKind, ColumnName
from allotment.engine.tables.plan import MOST_COLUMNS, OptionalColumn, Plan

SPEC_VERSION = 1


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Any part of a spec: immutable, closed, written without its defaults."""


class FieldKind(StrEnum):
    """What a form field holds."""

    SHORT_TEXT = "short text"
    LONG_TEXT = "long text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    YES_NO = "yes/no"
    CHOICE = "choice"
    SEVERAL = "several choices"
    EMAIL = "e-mail"
    PERSON = "person"
    TABLE = "table"
    DOCUMENT = "document"


class DataClass(StrEnum):
    """How sensitive the app's data is, from least to most."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


class ExpectedColumn(Part, frozen=True):
    """A column that the table in a form field must have."""

    column: ColumnName
    kind: ColumnKind = ColumnKind.TEXT


class FormField(Part, frozen=True):
    """One field of the form."""

    field: Name
    label: Line
    kind: FieldKind = FieldKind.SHORT_TEXT
    required: bool = False
    help: OptionalLine = ""
    options: Options = ()
    max: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    """Most characters of a text, largest value of a number."""
    columns: Annotated[tuple[ExpectedColumn, ...], Meta(max_length=MOST_COLUMNS)] = ()
    """Of a table: what later steps rely on. A file that names them otherwise is matched by the person who runs."""


class DataUse(Part, frozen=True):
    """What data the app touches, for the record of processing."""

    class_: DataClass = msgspec.field(default=DataClass.INTERNAL, name="class")
    personal: bool = False
    special: bool = False
    """Special-category data (GDPR Article 9): health, belief, biometrics and the like."""
    subjects: Annotated[tuple[Line, ...], Meta(max_length=MOST_OPTIONS)] = ()
    basis: OptionalLine = ""
    retention: OptionalLine = "30 days"


AnswerFieldKind = Literal["text", "number", "yes/no", "date", "list"]


class Answer(Part, frozen=True):
    """What shape a model's answer has. At most one is given; none means free text."""

    choice: Options = ()
    fields: Annotated[dict[Name, AnswerFieldKind], Meta(max_length=MOST_FIELDS)] = msgspec.field(
        default_factory=dict
    )
    max_words: Annotated[int, Meta(ge=1, le=5000)] | None = None


class Ask(Part, frozen=True, tag_field="do", tag="ask"):
    """Ask a model with an approved template. `with_` gives each slot a path, or a literal after `=`."""

    step: Name
    template: TemplateReference
    """`name@version`."""
    with_: Annotated[dict[Name, Source], Meta(max_length=MOST_FIELDS)] = msgspec.field(
        default_factory=dict, name="with"
    )
    answer: Answer = msgspec.field(default_factory=Answer)
    model: OptionalLine = ""
    """Name of a connected model; empty means the model the space prefers."""


class Read(Part, frozen=True, tag_field="do", tag="read"):
    """Turn a document into text."""

    step: Name
    from_: Path = msgspec.field(name="from")


Comparison = Literal["is", "is not", "contains", "is empty", "is not empty", "is more than", "is less than"]


class Condition(Part, frozen=True):
    """`value` is a path; `to` is a literal (unused by “is empty”)."""

    value: Path
    is_: Comparison = msgspec.field(name="is")
    to: OptionalLine = ""


class Case(Part, frozen=True):
    """When every condition holds: stop with a sentence, go on at a later step, or take a value."""

    when: Annotated[tuple[Condition, ...], Meta(max_length=10)]
    stop: Paragraph = ""
    go_to: OptionalName = ""
    value: Source = ""
    """A path, or a literal after `=`."""


class Choose(Part, frozen=True, tag_field="do", tag="choose"):
    """Take the first case whose conditions hold; without one, go on (with the value `otherwise`)."""

    step: Name
    cases: Annotated[tuple[Case, ...], Meta(max_length=20)]
    otherwise: Source = ""
    """A path, or a literal after `=`; only beside cases that take a value."""


class Table(Part, frozen=True, tag_field="do", tag="table"):
    """Compute a table from another one."""

    step: Name
    from_: Path = msgspec.field(name="from")
    plan: Plan = ()


ChartKind = Literal["", "bar", "line", "area", "pie", "scatter", "histogram"]
"""Empty: chosen from the columns."""


class Chart(Part, frozen=True, tag_field="do", tag="chart"):
    """Draw a table. What is left empty is chosen from the columns."""

    step: Name
    from_: Path = msgspec.field(name="from")
    kind: ChartKind = ""
    x: OptionalColumn = ""
    y: OptionalColumn = ""
    colour: OptionalColumn = ""
    title: OptionalLine = ""


class ForEach(Part, frozen=True, tag_field="do", tag="for each"):
    """Ask a model once for each row of a table; the answers become columns beside the row's own.

    The step holds the table with them. A source may also be `row.` and the name of a column.
    """

    step: Name
    rows: Path
    template: TemplateReference
    with_: Annotated[dict[Name, RowSource], Meta(max_length=MOST_FIELDS)] = msgspec.field(
        default_factory=dict, name="with"
    )
    answer: Answer = msgspec.field(default_factory=Answer)
    model: OptionalLine = ""
    column: OptionalColumn = ""
    """Of the new column; empty for the step's name. Named fields each become a column of their own name."""


class Save(Part, frozen=True, tag_field="do", tag="save"):
    """Save to a collection of this app: one record of `values`, or each row of the table `from`; one is given."""

    step: Name
    collection: Name
    values: Annotated[dict[Name, Source], Meta(max_length=MOST_FIELDS)] = msgspec.field(default_factory=dict)
    from_: OptionalPath = msgspec.field(default="", name="from")


AsksModel = Ask | ForEach
Step = Ask | Read | Choose | Table | Chart | ForEach | Save


class Shown(Part, frozen=True):
    """One part of the result: `text` is prose, `label` a chip, `fields` a small table, `list` bullets."""

    show: Literal["text", "label", "fields", "list", "table", "chart"]
    from_: Path = msgspec.field(name="from")
    title: OptionalLine = ""


class Batch(Part, frozen=True):
    """How the app runs over many rows of a spreadsheet."""

    same_once: bool = False
    """Whether rows that are filled in alike are answered once."""


class App(Part, frozen=True):
    """A whole app."""

    allotment: Literal[1]
    name: Name
    title: Line
    purpose: Paragraph
    data: DataUse = msgspec.field(default_factory=DataUse)
    form: Annotated[tuple[FormField, ...], Meta(max_length=MOST_FIELDS)] = ()
    steps: Annotated[tuple[Step, ...], Meta(max_length=MOST_STEPS)] = ()
    result: Annotated[tuple[Shown, ...], Meta(max_length=MOST_FIELDS)] = ()
    batch: Batch = msgspec.field(default_factory=Batch)
    sample: Annotated[dict[Name, SampleText], Meta(max_length=MOST_FIELDS)] = msgspec.field(
        default_factory=dict
    )
    """Example input, field by field, for the preview and for whoever tries the app first. A table is CSV text."""
