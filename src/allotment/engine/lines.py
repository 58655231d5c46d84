"""Lines of text as every published schema limits them."""

from typing import Annotated

from msgspec import Meta

# No control characters but tab and line breaks: databases and terminals stumble over them.
TEXT_PATTERN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*(?!\n)$"
LINES_PATTERN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Line = Annotated[str, Meta(pattern=TEXT_PATTERN, min_length=1, max_length=120)]
OptionalLine = Annotated[str, Meta(pattern=TEXT_PATTERN, max_length=200)]
