"""The pages of connections: choosing a kind, connecting, one connection, changing its key, disconnecting."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allotment.adapters.ollama import ENDPOINT as OLLAMA_ENDPOINT
from allotment.engine.actions import Action
from allotment.engine.asking import ProviderPlugin
from allotment.kernel.errors import Invalid
from allotment.kernel.plugins import plugins
from allotment.kernel.settings import settings
from allotment.llms import connecting, queries
from allotment.llms.connecting import NewConnection
from allotment.llms.disconnecting import disconnect as switch_off
from allotment.llms.forms import ConnectForm
from allotment.llms.providers import plugin_of
from allotment.people.queries import names
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority

_OLLAMA_KIND = "openai_compatible"


@authority(Action.CONNECT_MODEL)
@require_safe
def choose_kind(request: GovernedRequest) -> HttpResponse:
    """Show the kinds of providers that can be connected."""
    kinds = [plugin for plugin in plugins("providers").values() if _is_choosable(plugin)]
    return render(request, "llms/choose_kind.html", {"kinds": kinds, "ollama": queries.ollama_found()})


@authority(Action.CONNECT_MODEL)
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: GovernedRequest, kind: str) -> HttpResponse:
    """Ask for the fields of a kind; try them, and save the connection when they work."""
    plugin = plugin_of(kind)
    form = ConnectForm(plugin, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            new = NewConnection(kind, form.cleaned_data["title"], form.values())
            connection_id = connecting.connect(new, request.actor)
        except Invalid as error:
            form.refuse(error)
        else:
            return _connected(request, connection_id)
    return _form_page(request, "llms/connect.html", form, plugin=plugin)


@authority(Action.CONNECT_MODEL)
@require_POST
def connect_ollama(request: GovernedRequest) -> HttpResponse:
    """Connect the Ollama that was found on this machine."""
    values = {"endpoint": OLLAMA_ENDPOINT, "network": "local"}
    new = NewConnection(_OLLAMA_KIND, gettext("Ollama on this machine"), values)
    try:
        connection_id = connecting.connect(new, request.actor)
    except Invalid as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
        return redirect("llms:models")
    return _connected(request, connection_id)


@authority(Action.CONNECT_MODEL)
@require_safe
def connection(request: GovernedRequest, connection_id: UUID) -> HttpResponse:
    """Show one connection with all its models."""
    found = queries.connection(connection_id)
    search = request.GET.get("q", "").strip()[:100]
    context = {
        "connection": found,
        "added_by": names([found.added_by]).get(found.added_by, "") if found.added_by else "",
        "models": queries.models_of(connection_id, search=search),
        "search": search,
    }
    return render(request, "llms/connection.html", context)


@authority(Action.CONNECT_MODEL)
@require_http_methods(["GET", "HEAD", "POST"])
def change_credential(request: GovernedRequest, connection_id: UUID) -> HttpResponse:
    """Type a new key or address; it is tried before it replaces the old one."""
    found = queries.connection(connection_id)
    keeps = found.state != "off"
    initial = {**queries.public_values(connection_id), "title": found.title}
    form = ConnectForm(plugin_of(found.kind), request.POST or None, initial=initial, keeps_secrets=keeps)
    del form.fields["title"]
    if request.method == "POST" and form.is_valid():
        try:
            connecting.change_credential(connection_id, form.values(), request.actor)
        except Invalid as error:
            form.refuse(error)
        else:
            messages.success(request, gettext("It works, and is saved."))
            return redirect("llms:connection", connection_id)
    return _form_page(request, "llms/change_credential.html", form, connection=found)


@authority(Action.CONNECT_MODEL)
@require_POST
def check(request: GovernedRequest, connection_id: UUID) -> HttpResponse:
    """Ask the provider whether the connection still works."""
    if connecting.check(connection_id, request.actor):
        messages.success(request, gettext("It works."))
    else:
        messages.error(request, queries.connection(connection_id).trouble)
    return redirect("llms:connection", connection_id)


@authority(Action.CONNECT_MODEL)
@require_POST
def disconnect(request: GovernedRequest, connection_id: UUID) -> HttpResponse:
    """Switch a connection off and forget its key."""
    switch_off(connection_id, request.actor)
    messages.success(request, gettext("Disconnected. Its key is forgotten, its models are off."))
    return redirect("llms:models")


def _form_page(request: GovernedRequest, template: str, form: ConnectForm, **context: object) -> HttpResponse:
    """Show a form, fresh or on its way back to the person."""
    if form.is_bound:
        form.ask_for_secrets_again()
    return render(request, template, {**context, "form": form}, status=422 if form.is_bound else 200)


def _connected(request: GovernedRequest, connection_id: UUID) -> HttpResponse:
    count = queries.connection(connection_id).model_count
    said = gettext("Connected; it offers %(count)d models. Turn on those your people may use.")
    messages.success(request, said % {"count": count})
    return redirect("llms:connection", connection_id)


def _is_choosable(plugin: ProviderPlugin) -> bool:
    """Leave out what needs nothing to be filled in (it is built in), and test doubles where people work."""
    return bool(plugin.fields) and (settings().scripted_model or not plugin.for_tests)
