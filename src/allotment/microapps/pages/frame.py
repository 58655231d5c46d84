"""What every page of one app shares: the app, what this person may do with it, and words beside a form's field."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.kernel.errors import AllotmentError
from allotment.microapps.queries import app_for, resource
from allotment.microapps.values import AppDetail
from allotment.people.requests import GovernedRequest
from allotment.policies.deciding import decide, require

_NUMBER = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True)
class Rights:
    """What one person may do with one app."""

    edit: bool
    publish: bool
    park: bool
    run: bool
    make: bool


def rights(actor: Actor, app: AppDetail) -> Rights:
    """Return what this person may do with this app."""
    about = resource(app)
    return Rights(
        edit=decide(actor, Action.EDIT_APP, about).allowed,
        publish=decide(actor, Action.PUBLISH_APP, about).allowed,
        park=decide(actor, Action.PARK_APP, about).allowed,
        run=app.is_runnable and decide(actor, Action.RUN_APP, about).allowed,
        make=decide(actor, Action.MAKE_APP).allowed,
    )


@dataclass(frozen=True)
class Tab:
    """One of the pages of an app."""

    label: str
    url: str
    is_current: bool


_more: list[tuple[str, Promise, Callable[[AppDetail], bool]]] = []
_ways_to_run: list[tuple[str, Promise]] = []


def offer_tab(url_name: str, label: Promise, is_open: Callable[[AppDetail], bool]) -> None:
    """Let a feature above add a page to every app it is open for. Called from `AppConfig.ready`."""
    _more.append((url_name, label, is_open))


def offer_way_to_run(url_name: str, label: Promise) -> None:
    """Let a feature above add another way to run an app, for those who may. Called from `AppConfig.ready`."""
    _ways_to_run.append((url_name, label))


def tabs(app: AppDetail, may: Rights, current: str = "") -> tuple[Tab, ...]:
    """Return the pages of an app this person may open; `current` is the URL name of the one that is shown.

    A page without a tab of its own is under the one tab of its feature, if that has just one.
    """
    pages = (
        ("runs:run", _("Run once"), may.run),
        ("runs:trial", _("Try it"), may.edit and not may.run),
        *((name, str(label), may.run) for name, label in _ways_to_run),
        ("runs:results", _("Past results"), True),
        *((name, str(label), is_open(app)) for name, label, is_open in _more),
        ("microapps:about", _("About this app"), True),
        ("microapps:build", _("Builder"), may.edit),
        ("microapps:versions", _("Versions"), True),
        ("microapps:settings", _("Settings"), may.edit),
        ("microapps:publish", _("Sharing"), may.publish),
    )
    feature = current.partition(":")[0]
    of_feature = [name for name, _label, is_open in pages if is_open and name.startswith(f"{feature}:")]
    shown = of_feature[0] if len(of_feature) == 1 else current
    return tuple(
        Tab(label, reverse(name, args=[app.slug]), is_current=name == shown)
        for name, label, is_open in pages
        if is_open
    )


def opened(request: GovernedRequest, slug: str, action: Action) -> tuple[AppDetail, dict[str, object]]:
    """Return the app when this person may do `action` with it, and the context its pages share."""
    app = app_for(request.actor, slug)
    require(request.actor, action, resource(app))
    may = rights(request.actor, app)
    match = request.resolver_match
    return app, {"app": app, "may": may, "tabs": tabs(app, may, "" if match is None else match.view_name)}


def number_in(text: str, *, otherwise: int = 0) -> int:
    """Return the whole number in a query, or `otherwise` for anything else."""
    return int(text) if _NUMBER.fullmatch(text) else otherwise


def show_error(form: forms.Form, error: AllotmentError, field: str = "") -> None:
    """Put an error's words beside the field it is about, or above the form."""
    words = _("%(message)s %(hint)s") % {"message": error.message, "hint": error.hint}
    form.add_error(field if field in form.fields else None, words.strip())
