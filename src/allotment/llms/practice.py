"""The models every installation starts with: the practice model, and the scripted one where tests ask for it.

Invariant: planting twice changes nothing. What an administrator decided about them stays.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_noop

from allotment.adapters.providers.practice.weights import MODEL as PRACTICE_MODEL
from allotment.adapters.providers.scripted.speaking import MODEL as SCRIPTED_MODEL
from allotment.engine.spec.app import DataClass
from allotment.journal.recording import note
from allotment.kernel.settings import settings
from allotment.llms.models import Connection, LanguageModel

PRACTICE_NOTE = gettext_noop("for practice: small, often wrong")


@dataclass(frozen=True)
class _BuiltIn:
    kind: str
    model: str
    title: str
    max_tokens: int


_PRACTICE = _BuiltIn("practice", PRACTICE_MODEL, gettext_noop("Practice model (built in)"), 512)
_SCRIPTED = _BuiltIn("scripted", SCRIPTED_MODEL, gettext_noop("Scripted answers (for tests)"), 1024)


def plant_practice_model() -> None:
    """Make sure the built-in models are there; the first one planted is the default."""
    for built_in in (_SCRIPTED, _PRACTICE) if settings().scripted_model else (_PRACTICE,):
        _plant(built_in)


def _plant(built_in: _BuiltIn) -> None:
    with transaction.atomic():
        if Connection.objects.filter(kind=built_in.kind, added_by=None).exists():
            return
        connection = Connection.objects.create(kind=built_in.kind, title=built_in.title, runs_here=True)
        model = LanguageModel.objects.create(
            connection=connection,
            name=built_in.model,
            title=built_in.title,
            is_on=True,
            is_default=not LanguageModel.objects.filter(is_default=True).exists(),
            is_practice=built_in is _PRACTICE,
            ceiling=DataClass.RESTRICTED.value,
            max_tokens=built_in.max_tokens,
        )
        note(
            "models.offer",
            actor=None,
            object_kind="model",
            object_id=str(model.id),
            title=model.title,
            ceiling=model.ceiling,
        )
