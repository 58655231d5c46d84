"""The small vocabulary of a spec: names, texts and references with their patterns and limits.

The annotations serve three readers at once: msgspec enforces them, `schema` publishes them, and `structure`
words the problems. `(?!\\n)$` instead of `$` because Python's `$` also matches before a final line break.
"""

from typing import Annotated

from msgspec import Meta

from allotment.engine.lines import LINES_PATTERN, TEXT_PATTERN, Line

NAME_PATTERN = r"^[a-z][a-z0-9_-]*(?!\n)$"
REFERENCE_PATTERN = r"^[a-z][a-z0-9_-]*@[1-9][0-9]{0,5}(?!\n)$"
MOST_STEPS = 30
MOST_FIELDS = 30
MOST_OPTIONS = 50

Name = Annotated[
    str,
    Meta(
        pattern=NAME_PATTERN,
        max_length=60,
        title="Name",
        description="Small letters, digits, hyphens and underscores, starting with a letter.",
    ),
]
OptionalName = Annotated[str, Meta(pattern=r"^([a-z][a-z0-9_-]*)?(?!\n)$", max_length=60)]
TemplateReference = Annotated[
    str,
    Meta(
        pattern=REFERENCE_PATTERN,
        max_length=70,
        title="Template",
        description="Name and version of an approved template, such as `customer-reply@2`.",
    ),
]
Path = Annotated[
    str,
    Meta(
        pattern=TEXT_PATTERN,
        min_length=1,
        max_length=130,
        title="Path",
        description="Where a value comes from: `form.<field>`, `steps.<step>` or `steps.<step>.<field>`.",
    ),
]
OptionalPath = Annotated[str, Meta(pattern=TEXT_PATTERN, max_length=130)]
Source = Annotated[
    str,
    Meta(
        pattern=LINES_PATTERN,
        max_length=4000,
        title="Source",
        description="A path such as `form.question`, or fixed text after an equals sign: `=banking`.",
    ),
]
RowSource = Annotated[
    str,
    Meta(
        pattern=LINES_PATTERN,
        max_length=4000,
        title="Source for each row",
        description="As a source, or `row.` and the name of a column: `row.Customer`.",
    ),
]
Paragraph = Annotated[str, Meta(pattern=LINES_PATTERN, max_length=1000)]
SampleText = Annotated[str, Meta(pattern=LINES_PATTERN, max_length=20_000)]
Options = Annotated[tuple[Line, ...], Meta(max_length=MOST_OPTIONS)]
