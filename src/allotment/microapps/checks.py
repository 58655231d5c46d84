"""The checks panel: what is fine, what to look at, what must change, each in words and most with a fix.

Invariant: pure; the same app and surroundings give the same checks in the same order. Refuses: a warning without a
reason, and a fix that does more than its button says.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from allotment.engine.spec.app import (
    App,
    AsksModel,
    Chart,
    Choose,
    DataClass,
    FieldKind,
    ForEach,
    Read,
    Save,
    Step,
    Table,
)
from allotment.engine.tables.plan import Join
from allotment.microapps.facts import ModelFacts, Surroundings
from allotment.microapps.values import AppDetail
from allotment.screening.findings import Detected
from allotment.screening.scanning import scan

Level = Literal["ok", "warn", "stop"]
Page = Literal["settings", "build"]

_ORDER = {"stop": 0, "warn": 1, "ok": 2}
_DATA_ORDER = tuple(DataClass)
_PERSONAL_KINDS = frozenset({FieldKind.EMAIL, FieldKind.PERSON})


@dataclass(frozen=True)
class Fix:
    """What a button beside a check does: one click when it has a `code`, else it leads to a `page`."""

    label: str
    code: str = ""
    """What `fixing.fix` takes, such as `use-template:reply:customer-reply@3`."""
    page: Page | Literal[""] = ""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    code: str
    level: Level
    title: str
    why: str = ""
    fix: Fix | None = None
    covers: tuple[str, ...] = ()
    """Places of spec problems that say the same, such as `steps.reply.template`."""


def checks(app: AppDetail, spec: App, around: Surroundings) -> tuple[Check, ...]:
    """Return what was found, what must change first."""
    found = (
        *_templates(spec, around),
        *_personal_data(spec),
        *_models(spec, around),
        *_form(spec, around),
        *_sample(spec),
        *_people(app, spec),
    )
    return tuple(sorted(found, key=lambda check: _ORDER[check.level]))


def _templates(spec: App, around: Surroundings) -> Iterator[Check]:
    unusable = False
    for step in _asks(spec):
        facts = around.templates.get(step.template)
        if facts is not None and facts.is_usable:
            continue
        unusable = True
        name = step.template if facts is None else facts.title
        newest = None if facts is None else facts.newest_usable
        fix = Fix(_("Choose another template"), page="build")
        if facts is not None and newest is not None:
            fix = Fix(
                _("Use version %(number)s") % {"number": newest},
                code=f"use-template:{step.step}:{facts.name}@{newest}",
            )
        yield Check(
            f"template:{step.step}",
            "stop",
            _("Step “%(step)s” uses a template that is not approved") % {"step": step.step},
            _("“%(name)s” was recalled, retired or never approved.") % {"name": name},
            fix,
            covers=(f"steps.{step.step}.template",),
        )
    if not unusable and any(_asks(spec)):
        yield Check("templates", "ok", _("Only approved templates"))


def _personal_data(spec: App) -> Iterator[Check]:
    fields = [field.label for field in spec.form if field.kind in _PERSONAL_KINDS]
    kinds = {finding.kind for text in spec.sample.values() for finding in scan(text)}
    if Detected.SECRET in kinds:
        yield Check(
            "secret-in-sample",
            "stop",
            _("The sample holds a password or a key"),
            _("Everybody who may see this app would read it. Take it out and change it where it is used."),
            Fix(_("Change the sample"), page="build"),
        )
    personal = kinds - {Detected.SECRET}
    if spec.data.personal:
        yield Check("personal", "ok", _("Says that it holds personal data"))
    elif fields or personal:
        why = (
            _("The form asks for “%(field)s”.") % {"field": fields[0]}
            if fields
            else _("The sample looks as if it does: it holds %(kind)s.") % {"kind": _kind_words(personal)}
        )
        yield Check(
            "personal",
            "warn",
            _("It holds personal data, but does not say so"),
            why,
            Fix(_("Say that it holds personal data"), code="declare-personal"),
        )


def _kind_words(kinds: set[Detected]) -> str:
    words = {
        Detected.EMAIL: _("an e-mail address"),
        Detected.PHONE: _("a phone number"),
        Detected.IBAN: _("a bank account number"),
        Detected.CARD: _("a payment card number"),
        Detected.NATIONAL_ID: _("a national id number"),
    }
    return ", ".join(words[kind] for kind in Detected if kind in kinds)


def _models(spec: App, around: Surroundings) -> Iterator[Check]:
    names = sorted({step.model for step in _asks(spec)})
    asked = [model for name in names if (model := around.model(name)) is not None]
    yield from (_missing_model(name) for name in names if around.model(name) is None)
    for model in dict.fromkeys(asked):
        if _rank(model.highest_data_class) < _rank(spec.data.class_):
            yield _above_ceiling(spec, model, around)
    away = [model.title for model in dict.fromkeys(asked) if not model.runs_here]
    if away:
        level: Level = "warn" if spec.data.personal or _is_sensitive(spec) else "ok"
        yield Check(
            "leaves",
            level,
            _("What people write goes to %(models)s") % {"models": ", ".join(away)},
            _(
                "That model runs elsewhere. Personal data is masked before it leaves, and restored in the answer."
            ),
        )
    elif asked and len(asked) == len(names):
        yield Check(
            "leaves",
            "ok",
            _("Nothing leaves the building"),
            _("Model: %(models)s, on this machine")
            % {"models": ", ".join(model.title for model in dict.fromkeys(asked))},
        )


def _missing_model(name: str) -> Check:
    if not name:
        return Check(
            "model",
            "warn",
            _("No model is connected yet"),
            _("The app can be built and saved; it answers once an administrator connects a model."),
        )
    return Check(
        "model",
        "stop",
        _("The model “%(name)s” is not available") % {"name": name},
        _("It was disconnected, or your space may not use it."),
        Fix(_("Use the usual model"), code="use-usual-model"),
    )


def _above_ceiling(spec: App, model: ModelFacts, around: Surroundings) -> Check:
    fitting = [
        other
        for other in around.models
        if _rank(other.highest_data_class) >= _rank(spec.data.class_) and not other.is_practice
    ]
    fitting.sort(key=lambda other: (not other.runs_here, other.title))
    fix = Fix(_("Change the data class"), page="settings")
    if fitting:
        fix = Fix(_("Use %(model)s") % {"model": fitting[0].title}, code=f"use-model:{fitting[0].name}")
    return Check(
        "ceiling",
        "stop",
        _("%(model)s may not see %(class)s data") % {"model": model.title, "class": spec.data.class_.value},
        _("It is approved for %(class)s data at most.") % {"class": model.highest_data_class.value},
        fix,
    )


def _form(spec: App, around: Surroundings) -> Iterator[Check]:
    used = _used_paths(spec)
    for field in spec.form:
        if f"form.{field.field}" not in used:
            yield Check(
                f"unused:{field.field}",
                "warn",
                _("“%(label)s” is asked for, but nothing uses it") % {"label": field.label},
                _("People fill it in for nothing."),
                Fix(_("Take it out of the form"), code=f"remove-field:{field.field}"),
            )
    for field in spec.form:
        places = () if field.required else _needing(spec, around, f"form.{field.field}")
        if places:
            yield Check(
                f"required:{field.field}",
                "stop",
                _("“%(label)s” may stay empty, but a step needs it") % {"label": field.label},
                _("The step would stop with an empty value."),
                Fix(_("Make it required"), code=f"require-field:{field.field}"),
                covers=places,
            )


def _used_paths(spec: App) -> set[str]:
    paths: set[str] = {shown.from_ for shown in spec.result}
    for step in spec.steps:
        paths.update(_paths_of(step))
    return paths


def _paths_of(step: Step) -> Iterator[str]:
    match step:
        case Choose():
            yield from (condition.value for case in step.cases for condition in case.when)
            yield from (case.value for case in step.cases)
            yield step.otherwise
        case Save():
            yield from (step.from_, *step.values.values())
        case Table():
            yield step.from_
            yield from (operation.table for operation in step.plan if isinstance(operation, Join))
        case Read() | Chart():
            yield step.from_
        case ForEach():
            yield from (step.rows, *step.with_.values())
        case _:
            yield from step.with_.values()


def _needing(spec: App, around: Surroundings, path: str) -> tuple[str, ...]:
    """Return the places whose required slot takes its value from `path`."""
    return tuple(
        f"steps.{step.step}.with.{slot.name}"
        for step in _asks(spec)
        if (facts := around.templates.get(step.template)) is not None
        for slot in facts.slots
        if slot.is_required and step.with_.get(slot.name) == path
    )


def _sample(spec: App) -> Iterator[Check]:
    typed = [field for field in spec.form if field.kind not in {FieldKind.DOCUMENT, FieldKind.TABLE}]
    missing = [field.label for field in typed if field.required and not spec.sample.get(field.field)]
    if missing:
        yield Check(
            "sample",
            "warn",
            _("The sample leaves “%(label)s” empty") % {"label": missing[0]},
            _("With a whole sample, whoever opens the app can try it at once."),
            Fix(_("Fill in the sample"), page="build"),
        )


def _people(app: AppDetail, spec: App) -> Iterator[Check]:
    if not spec.purpose.strip():
        yield Check(
            "purpose",
            "warn",
            _("It does not say what it is for"),
            _("Colleagues choose apps by their purpose, and reviewers decide by it."),
            Fix(_("Say what it is for"), page="settings"),
        )
    if app.deputy is None:
        yield Check(
            "deputy",
            "warn",
            _("No deputy yet"),
            _("Someone who looks after the app when you are away."),
            Fix(_("Choose a deputy"), page="settings"),
        )
    if spec.data.retention.strip():
        yield Check("retention", "ok", _("Results are kept for %(time)s") % {"time": spec.data.retention})
    else:
        yield Check(
            "retention",
            "warn",
            _("It does not say how long results are kept"),
            _("What nobody needs any more should not stay."),
            Fix(_("Keep results for 30 days"), code="keep-30-days"),
        )


def _asks(spec: App) -> Iterator[AsksModel]:
    return (step for step in spec.steps if isinstance(step, AsksModel))


def _rank(data_class: DataClass) -> int:
    return _DATA_ORDER.index(data_class)


def _is_sensitive(spec: App) -> bool:
    return spec.data.special or _rank(spec.data.class_) >= _rank(DataClass.CONFIDENTIAL)
