"""Whether an app makes sense: what types and patterns cannot say.

Invariant: an app without problems runs to its end: every path names a value that exists by then and fits, every
slot is filled, jumps go forward. Every problem names its place and the way to mend it.
"""

from collections.abc import Callable
from typing import Any

from allotment.engine.spec import yaml_text
from allotment.engine.spec.app import App
from allotment.engine.spec.checking_form import form_problems, sample_problems
from allotment.engine.spec.checking_results import result_problems
from allotment.engine.spec.checking_steps import step_problems
from allotment.engine.spec.checking_templates import Templates, template_problems
from allotment.engine.spec.problems import BrokenSpec, SpecProblem
from allotment.engine.spec.reading import from_located, to_plain
from allotment.engine.spec.structure import where
from allotment.engine.spec.yaml_text import Located, Position


def problems(
    app: App,
    templates: Templates | None = None,
    *,
    line_of: Callable[[Position], int | None] = lambda _: None,
) -> tuple[SpecProblem, ...]:
    """Return what keeps an app from running, in reading order; nothing means it can run.

    `templates` returns the approved template of a reference such as `customer-reply@2`, or None; without it the
    templates are not checked. `line_of` returns the line of a position in the text the app was read from.
    """
    plain = to_plain(app)
    found = [
        *form_problems(app),
        *step_problems(app),
        *(template_problems(app, templates) if templates is not None else ()),
        *result_problems(app),
        *sample_problems(app),
    ]
    return tuple(
        SpecProblem(where(plain, flaw.position), flaw.message, flaw.remedy, line_of(flaw.position))
        for flaw in found
    )


def problems_of(text_or_plain: Any, templates: Templates | None = None) -> tuple[SpecProblem, ...]:
    """Return everything wrong with a spec in YAML text or plain data: its structure first, then its sense."""
    try:
        located = yaml_text.parse(text_or_plain) if isinstance(text_or_plain, str) else Located(text_or_plain)
        app = from_located(located)
    except BrokenSpec as broken:
        return broken.problems
    return problems(app, templates, line_of=located.line_of)
