"""Exporting a version as a file for other tools. Invariant: wording and slots come back unchanged on import."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from allotment.kernel.errors import NotFound
from allotment.prompts.formats import langchain, promptflow, prompty
from allotment.prompts.formats.portable import Exported, Portable
from allotment.prompts.models import TemplateVersion

WRITERS: dict[str, Callable[[Portable], Exported]] = {
    "prompty": prompty.write,
    "langchain": langchain.write,
    "promptflow": promptflow.write,
}
TITLES: dict[str, str] = {
    "prompty": prompty.title,
    "langchain": langchain.title,
    "promptflow": promptflow.title,
}


def export(version: TemplateVersion, tool: str) -> Exported:
    """Return the version as a file of a tool."""
    writer = WRITERS.get(tool)
    if writer is None:
        raise NotFound(
            _("Templates cannot be exported for “%(tool)s”.") % {"tool": tool[:40]},
            hint=_("Choose one of: %(tools)s.") % {"tools": ", ".join(TITLES.values())},
        )
    family = version.family
    return writer(Portable(family.name, family.title, family.purpose, family.category, version.wording))
