"""Importing a file of another tool.

Invariant: whatever it says, it lands as an inert draft of the person who imports it.
Refuses: files no format recognises, and everything the formats refuse.
"""

from types import ModuleType
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.kernel.errors import Invalid, TooLarge
from allotment.prompts.formats import langchain, promptflow, prompty
from allotment.prompts.formats.documents import decoded
from allotment.prompts.formats.portable import Imported
from allotment.prompts.models import Template, TemplateVersion
from allotment.prompts.states import Category, Origin
from allotment.prompts.writing import About, name_for, new_draft, new_family

MAX_UPLOAD_BYTES = 1024 * 1024
_TEXT_FORMATS: tuple[ModuleType, ...] = (prompty, promptflow, langchain)


def read_file(filename: str, content: bytes) -> Imported:
    """Return what a file holds; nothing is stored."""
    if len(content) > MAX_UPLOAD_BYTES:
        raise TooLarge(
            _("The file is larger than %(most)s kB.") % {"most": MAX_UPLOAD_BYTES // 1024},
            hint=_("Import one prompt at a time."),
        )
    if promptflow.is_zip(content):
        return promptflow.read_zip(content)
    text = decoded(content, filename or _("pasted text"))
    for tool in _TEXT_FORMATS:
        if tool.recognises(filename.lower(), text):
            return _read(tool, text)
    if "system:" in text or "user:" in text:
        return promptflow.read(text)
    raise Invalid(
        _("This is neither a Prompty, nor a LangChain, nor a Promptflow file."),
        hint=_("To use plain wording, write a new template and paste it there."),
    )


def _read(tool: ModuleType, text: str) -> Imported:
    imported: Imported = tool.read(text)
    return imported


@transaction.atomic
def land(imported: Imported, author: UUID, *, filename: str = "") -> TemplateVersion:
    """Keep what was read as a draft: of the template with its name, or of a new one."""
    template = imported.template
    title = (template.title or template.name or filename.rsplit("/", 1)[-1].split(".", 1)[0]).strip()
    title = title[:120] or _("Imported template")
    name = name_for(template.name or title)
    family = Template.objects.filter(name=name).first()
    if family is None:
        category = template.category if template.category in Category.values else Category.WRITING
        about = About(title, template.purpose[:500], category)
        draft = new_family(about, template.wording, author, name=name, origin=Origin.IMPORTED)
    else:
        draft = new_draft(family.id, template.wording, author, origin=Origin.IMPORTED)
    draft.note = "\n".join(imported.left_out)
    draft.save()
    return draft
