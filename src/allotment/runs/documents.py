"""Documents handed to a run: found again, opened, and read as text."""

from uuid import UUID

from allotment.documents.reading import read_document
from allotment.kernel.errors import NotFound
from allotment.runs.models import RunDocument
from allotment.runs.sealing import unseal, unseal_bytes


def text_of(run: UUID, field: str) -> str:
    """Return the text of the document in `field` of this run; what of it could not be read stands at its end."""
    row = RunDocument.objects.select_related("run").filter(run=run, field=field).first()
    if row is None:
        raise NotFound(f"No document was chosen in “{field}”.", hint="Choose a file and run again.")
    name = unseal(row.run.form, column="form", run=run)[field]
    found = read_document(name, unseal_bytes(row.content, column=f"document.{field}", run=run))
    return "\n\n".join((found.text, *(f"({note})" for note in found.notes)))
