"""What the builder shows of a draft: the sentences, the checks with their fixes, the preview's fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from allotment.engine.phrases import Piece
from allotment.engine.spec.app import App, AsksModel, FieldKind
from allotment.engine.spec.sentences import Sentence, sentences
from allotment.kernel.errors import NotFound
from allotment.microapps.building.draft import Draft
from allotment.microapps.building.editors import Editor
from allotment.microapps.building.naming import spoken
from allotment.microapps.building.steps import step_names
from allotment.microapps.building.templates_on_offer import usable
from allotment.microapps.checking import checks_of_working
from allotment.microapps.checks import Check
from allotment.microapps.documenting import reach_words
from allotment.microapps.rules import assess
from allotment.microapps.starters import all_starters
from allotment.people.queries import names
from allotment.prompts.queries import VersionFacts, version_of

_LONGEST_SLOT = 90
_SAMPLE_CHECKS = frozenset({"sample", "secret-in-sample"})
_ABOUT = frozenset({"title", "purpose", "data"})


@dataclass(frozen=True)
class TemplateNote:
    """The template a step asks with, and who approved it."""

    name: str
    number: int
    title: str
    approver: str
    facts: VersionFacts


@dataclass(frozen=True)
class Row:
    """One sentence."""

    key: str
    url: str
    lines: tuple[tuple[Piece, ...], ...]
    """The sentence in pieces; a decision has a line for each case."""
    note: TemplateNote | None = None
    trouble: str = ""
    names_template: bool = False
    """Whether the sentence itself names the template."""
    is_step: bool = False
    is_first: bool = False
    is_last: bool = False


@dataclass(frozen=True)
class CheckRow:
    """One check, and where its button leads when it does not mend by itself."""

    check: Check
    url: str = ""

    @property
    def why(self) -> str:
        """The reason, unless it tells how to write YAML; here the button leads to the form."""
        return "" if "`" in self.check.why else self.check.why


@dataclass(frozen=True)
class PreviewField:
    """One field of the app's form, filled with its example."""

    name: str
    label: str
    kind: str
    help: str
    required: bool
    options: list[tuple[str, str]]
    value: str | list[str]


def address(slug: str, key: str) -> str:
    """Return where the part of this key is edited; the builder itself for an empty key."""
    if not key:
        return reverse("microapps:build", args=[slug])
    if key.startswith("_"):
        return reverse("microapps:build_part", args=[slug, key[1:]])
    return reverse("microapps:build_step", args=[slug, key])


def builder(draft: Draft, editor: Editor | None = None) -> dict[str, Any]:
    """Return the context of the builder page and of all its parts."""
    checked = checks_of_working(draft.app)
    key = "" if editor is None else editor.key
    return {
        "app": draft.app,
        "draft": draft,
        "rows": rows(draft, checked),
        "editor": editor,
        "open": key,
        "open_is_step": bool(key) and not key.startswith("_"),
        "editor_url": address(draft.app.slug, key),
        "checks": tuple(CheckRow(check, _where(draft, check)) for check in checked),
        "must_change": sum(check.level == "stop" for check in checked),
        "assessment": assess(draft.spec.data, draft.app.audience),
        "reach": reach_words(draft.app.reach),
        "preview": preview(draft.spec),
        "may_ask": bool(usable()),
        "near": _near(draft),
    }


def rows(draft: Draft, checked: tuple[Check, ...] = ()) -> tuple[Row, ...]:
    """Return the app in sentences, each with where it is edited; steps that cannot be read say so."""
    notes = _notes(draft.spec)
    titles = {reference: note.title for reference, note in notes.items()}
    told = {sentence.about: sentence for sentence in sentences(draft.spec, titles)}
    first, *_middle, last = sentences(draft.spec, titles)
    slug = draft.app.slug
    steps = step_names(draft.plain)
    troubled = _troubled(draft, checked)
    templates = {step.step: step.template for step in draft.spec.steps if isinstance(step, AsksModel)}
    middle = [
        Row(
            name,
            address(slug, name),
            _lines(told[name]) if draft.has_read("steps", name) else ((Piece(_unread(name)),),),
            notes.get(templates.get(name, "")),
            trouble=troubled.get(name, ""),
            names_template=name in told
            and any(piece.ref == templates.get(name) for piece in told[name].pieces()),
            is_step=True,
            is_first=index == 0,
            is_last=index == len(steps) - 1,
        )
        for index, name in enumerate(steps)
    ]
    return (
        Row("_form", address(slug, "_form"), _lines(first), trouble=troubled.get("_form", "")),
        *middle,
        Row("_result", address(slug, "_result"), _lines(last), trouble=troubled.get("_result", "")),
    )


def _unread(name: str) -> str:
    return _("“%(name)s” cannot be read") % {"name": spoken(name)}


def _lines(sentence: Sentence) -> tuple[tuple[Piece, ...], ...]:
    return tuple(
        tuple(
            Piece(_clipped(piece.text), is_slot=True, ref=piece.ref) if piece.is_slot else piece
            for piece in phrase.pieces(_)
        )
        for phrase in sentence.phrases
    )


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST_SLOT else f"{text[:_LONGEST_SLOT].rstrip(' ·')} …"


def _troubled(draft: Draft, checked: tuple[Check, ...]) -> dict[str, str]:
    """Return what must change in each sentence, the first thing of each."""
    found: dict[str, str] = {}
    for check in checked:
        if check.level == "stop" and (part := _part(draft, check)):
            found.setdefault(part, check.title)
    return found


def _part(draft: Draft, check: Check) -> str:
    """Return the sentence a check is about; empty when it is about the whole app."""
    subject, _colon, place = check.code.partition(":")
    if check.code in _SAMPLE_CHECKS:
        return "_sample"
    if subject in {"unused", "required"}:
        return "_form"
    if check.code == "purpose":
        return "_about"
    root, _dot, rest = place.partition(".")
    if root in {"form", "result", "sample"}:
        return f"_{root}"
    step = rest.partition(".")[0] if root == "steps" else place
    return step if step in step_names(draft.plain) else "_about" if root in _ABOUT else ""


def _where(draft: Draft, check: Check) -> str:
    """Return where a check is mended; empty when one click does it, or there is nothing to mend."""
    if check.fix is None or check.fix.code:
        return ""
    if check.code == "problem:steps":
        return f"{address(draft.app.slug, '')}#add-step"
    part = _part(draft, check)
    if part:
        return address(draft.app.slug, part)
    return reverse(
        "microapps:settings" if check.fix.page == "settings" else "microapps:build", args=[draft.app.slug]
    )


def _notes(spec: App) -> Mapping[str, TemplateNote]:
    """Return who approved the templates a spec names; those that do not exist are missing."""
    facts = {}
    for reference in {step.template for step in spec.steps if isinstance(step, AsksModel)}:
        try:
            facts[reference] = version_of(reference)
        except NotFound:
            continue
    approvers = names([one.approver for one in facts.values() if one.approver is not None])
    return {
        reference: TemplateNote(
            reference.partition("@")[0],
            int(reference.partition("@")[2]),
            one.title,
            "" if one.approver is None else approvers.get(one.approver, ""),
            one,
        )
        for reference, one in facts.items()
    }


def preview(spec: App) -> tuple[PreviewField, ...]:
    """Return the form of the app, filled with its sample."""
    return tuple(
        PreviewField(
            field.field,
            field.label,
            "choice" if field.kind is FieldKind.YES_NO else field.kind.value,
            field.help,
            field.required,
            [("yes", _("Yes")), ("no", _("No"))]
            if field.kind is FieldKind.YES_NO
            else [(option, option) for option in field.options],
            _example(spec, field.field, several=field.kind is FieldKind.SEVERAL),
        )
        for field in spec.form
    )


def _example(spec: App, name: str, *, several: bool) -> str | list[str]:
    value = spec.sample.get(name, "")
    return [part.strip() for part in value.split(",")] if several else value


def _near(draft: Draft) -> tuple[tuple[str, str], ...]:
    """Return the starters that came next when the app was drafted, while it is young."""
    if draft.app.latest_number is not None:
        return ()
    titles = {one.name: one.app.title for one in all_starters()}
    return tuple((name, titles[name]) for name in draft.app.near_starters if name in titles)[:3]
