"""The pages of models: the list, and one model with what was decided about it."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allotment.engine.actions import Action
from allotment.kernel.errors import Invalid, Unavailable
from allotment.llms import offering, queries
from allotment.llms.forms import StandInsForm, TermsForm, per_million
from allotment.llms.standing_in import choose_stand_ins
from allotment.llms.trying import try_model
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority, may_open
from allotment.web.templatetags.web import money


@authority(Action.SEE_MODEL)
@require_safe
def models(request: GovernedRequest) -> HttpResponse:
    """Show the models people can use, and the connections behind them."""
    offered = queries.offered_models()
    may_connect = may_open(request, Action.CONNECT_MODEL)
    context = {
        "offered": offered,
        "connections": queries.connections(),
        "is_practice_missing": any(model.state == "missing" for model in offered),
        "has_only_practice": all(model.is_practice for model in offered),
        "ollama": queries.ollama_found() if may_connect else (),
        "may_connect": may_connect,
    }
    return render(request, "llms/models.html", context)


@authority(Action.SEE_MODEL)
@require_safe
def model(request: GovernedRequest, model_id: UUID) -> HttpResponse:
    """Show one model."""
    found = queries.model(model_id)
    return _model_page(request, found, _terms_form(found))


@authority(Action.CONNECT_MODEL)
@require_http_methods(["POST"])
def set_terms(request: GovernedRequest, model_id: UUID) -> HttpResponse:
    """Keep what was decided about a model."""
    found = queries.model(model_id)
    form = TermsForm(request.POST, runs_here=found.runs_here)
    if form.is_valid():
        try:
            offering.set_terms(model_id, form.terms(), request.actor)
        except Invalid as error:
            form.add_error(
                error.where if error.where in form.fields else None, f"{error.message} {error.hint}"
            )
        else:
            messages.success(request, gettext("Saved."))
            return _to_model(model_id)
    return _model_page(request, found, form)


@authority(Action.CONNECT_MODEL)
@require_POST
def set_stand_ins(request: GovernedRequest, model_id: UUID) -> HttpResponse:
    """Keep which models may answer when this one cannot."""
    found = queries.model(model_id)
    form = StandInsForm(request.POST, possible=queries.possible_stand_ins(model_id))
    if form.is_valid():
        try:
            choose_stand_ins(model_id, form.stand_ins(), request.actor)
        except Invalid as error:
            form.add_error(None, f"{error.message} {error.hint}")
        else:
            messages.success(request, gettext("Saved."))
            return _to_model(model_id)
    return _model_page(request, found, _terms_form(found), stand_ins=form)


@authority(Action.CONNECT_MODEL)
@require_POST
def turn_on(request: GovernedRequest, model_id: UUID) -> HttpResponse:
    """Let people use a model."""
    offering.turn_on(model_id, request.actor)
    said = gettext("“%(title)s” is on: apps may use it.") % {"title": queries.model(model_id).title}
    messages.success(request, said)
    return _back(request, model_id)


@authority(Action.CONNECT_MODEL)
@require_POST
def turn_off(request: GovernedRequest, model_id: UUID) -> HttpResponse:
    """Stop a model for everyone."""
    offering.turn_off(model_id, request.actor)
    said = gettext("“%(title)s” is off. Apps that need it say so and stop.")
    messages.success(request, said % {"title": queries.model(model_id).title})
    return _back(request, model_id)


@authority(Action.CONNECT_MODEL)
@require_POST
def make_default(request: GovernedRequest, model_id: UUID) -> HttpResponse:
    """Use a model wherever an app names none."""
    offering.make_default(model_id, request.actor)
    said = gettext("Apps that name no model now use “%(title)s”.") % {"title": queries.model(model_id).title}
    messages.success(request, said)
    return _to_model(model_id)


@authority(Action.CONNECT_MODEL)
@require_POST
def say_hello(request: GovernedRequest, model_id: UUID) -> HttpResponse:
    """Ask the model a fixed question and show how it answers."""
    try:
        trial = try_model(model_id, request.actor)
    except Unavailable as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
    else:
        said = gettext("It answered in %(seconds).1f seconds with %(tokens)d tokens (%(cost)s): “%(answer)s”")
        cost = money(trial.cost_nanodollars)
        told = {"seconds": trial.seconds, "tokens": trial.tokens, "cost": cost, "answer": trial.answer}
        messages.success(request, said % told)
    return _to_model(model_id)


def _model_page(
    request: GovernedRequest,
    found: queries.OfferedModel,
    terms: TermsForm,
    *,
    stand_ins: StandInsForm | None = None,
) -> HttpResponse:
    """Show the model's page; a form with errors makes it a 422."""
    chosen = queries.stand_ins_of(found.id)
    context = {
        "model": found,
        "form": terms,
        "api_name": queries.api_name_of(found.id),
        "stand_ins": chosen,
        "stand_ins_form": stand_ins or _stand_ins_form(found, chosen),
        "may_connect": may_open(request, Action.CONNECT_MODEL),
    }
    is_refused = bool(terms.errors or (stand_ins and stand_ins.errors))
    return render(request, "llms/model.html", context, status=422 if is_refused else 200)


def _stand_ins_form(found: queries.OfferedModel, chosen: Sequence[queries.OfferedModel]) -> StandInsForm:
    possible = queries.possible_stand_ins(found.id)
    return StandInsForm(possible=possible, chosen=[one.id for one in chosen])


def _terms_form(found: queries.OfferedModel) -> TermsForm:
    initial = {
        "title": found.title,
        "ceiling": found.ceiling.value,
        "max_tokens": found.max_tokens,
        "input_price": per_million(found.tariff.input_price),
        "output_price": per_million(found.tariff.output_price),
    }
    return TermsForm(runs_here=found.runs_here, initial=initial)


def _to_model(model_id: UUID) -> HttpResponseRedirect:
    return redirect("llms:model", model_id)


def _back(request: GovernedRequest, model_id: UUID) -> HttpResponseRedirect:
    """Return to the connection's list when the button stood there, else to the model."""
    if "from_connection" not in request.POST:
        return _to_model(model_id)
    return redirect("llms:connection", queries.model(model_id).connection_id)
