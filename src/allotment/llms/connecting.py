"""Connecting a provider: the credential is tried first, and saved only when it works.

Invariant: no database transaction is open while the provider is asked. Refuses: saving a credential that was not
accepted just now. Failures name the field to mend; they never hold what was typed into a secret field.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from allotment.engine.asking import Provider, ProviderPlugin
from allotment.engine.principals import Actor
from allotment.engine.recording import Entry, Outcome, Scalar
from allotment.journal.recording import record
from allotment.kernel import clock, portal
from allotment.kernel.errors import Conflict, Invalid, ProviderError, Unavailable
from allotment.llms import credentials, providers
from allotment.llms.models import Connection, ConnectionState, LanguageModel
from allotment.llms.queries import connection_row
from allotment.llms.rules import first_ceiling, host_of, is_this_machine, stays_here


@dataclass(frozen=True)
class NewConnection:
    """What a person filled in."""

    kind: str
    title: str
    values: Mapping[str, str]
    """By field name, secrets included."""


def connect(new: NewConnection, actor: Actor) -> UUID:
    """Try the credential, save the connection with its models (all off), and return its id.

    Raises `Invalid` whose `where` is the field to mend.
    """
    plugin = providers.plugin_of(new.kind)
    values = _complete(plugin, new.values)
    names = _names(plugin, values)
    row = Connection(kind=plugin.kind, title=new.title, added_by_id=actor.person)
    _fill(row, plugin, values)
    with transaction.atomic():
        row.save()
        _add_models(row, names)
        _note("models.connect", row, actor, models=len(names))
    return row.id


def change_credential(connection_id: UUID, typed: Mapping[str, str], actor: Actor) -> None:
    """Try new values for a connection, keep them when they work, and switch it on again.

    An empty secret keeps the one there is, as long as the address stays the same: a kept secret must not travel
    to another machine. Raises `Invalid` whose `where` is the field to mend.
    """
    row = connection_row(connection_id)
    plugin = providers.plugin_of(row.kind)
    kept = {
        field.name for field in plugin.fields if field.is_secret and not typed.get(field.name, "").strip()
    }
    known = credentials.unseal(row.id, row.sealed_secrets)
    if host_of(typed) != host_of(row.values) and kept & known.keys():
        raise Invalid(
            gettext("The address changed, so the stored key cannot be kept."),
            hint=gettext("Type the key for the new address."),
            where=min(kept & known.keys()),
        )
    values = _complete(plugin, {**typed, **{name: known.get(name, "") for name in kept}})
    names = _names(plugin, values)
    _fill(row, plugin, values)
    with transaction.atomic():
        row.revision = F("revision") + 1
        row.save()
        _add_models(row, names)
        _note("models.connect", row, actor, models=len(names), again=True)


def check(connection_id: UUID, actor: Actor) -> bool:
    """Ask the provider for its models, remember how it went, and return whether it works.

    Raises `Conflict` for a connection that is off: its credential is forgotten.
    """
    row = connection_row(connection_id)
    if row.state == ConnectionState.OFF:
        raise Conflict(
            gettext("“%(title)s” is disconnected.") % {"title": row.title},
            hint=gettext("Type its key again to connect it."),
        )
    names: tuple[str, ...] = ()
    trouble = ""
    try:
        secrets = credentials.unseal(row.id, row.sealed_secrets)
        names = _listed(providers.connect_anew(row.kind, {**row.values, **secrets}))
    except Unavailable as error:
        trouble = f"{error.message} {error.hint}".strip()[:300]
    with transaction.atomic():
        row.state = ConnectionState.FAILING if trouble else ConnectionState.CONNECTED
        row.trouble, row.last_checked = trouble, clock.now()
        row.save(update_fields=("state", "trouble", "last_checked"))
        _add_models(row, names)
        _note("models.check", row, actor, outcome="failed" if trouble else "done")
    return not trouble


def _complete(plugin: ProviderPlugin, typed: Mapping[str, str]) -> dict[str, str]:
    """Return a value for every field; raises `Invalid` for a required one that is empty."""
    values = {field.name: (typed.get(field.name) or "").strip() for field in plugin.fields}
    for field in plugin.fields:
        if field.is_required and not values[field.name]:
            raise Invalid(
                gettext("“%(label)s” is empty.") % {"label": field.label},
                hint=gettext("Fill it in, then connect again."),
                where=field.name,
            )
    return values


def _names(plugin: ProviderPlugin, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the models that these values give access to; raises `Invalid` at the field to mend."""
    try:
        names = _listed(plugin.connect(values, providers.outbound()))
    except ProviderError as error:
        raise Invalid(error.message, hint=error.hint, where=_field_to_mend(plugin, error)) from error
    if not names:
        raise Invalid(
            gettext("The address answers, but offers no models."),
            hint=gettext("Load a model there first, or check the address."),
            where=_field_to_mend(plugin, None),
        )
    return names


def _listed(provider: Provider) -> tuple[str, ...]:
    return portal.call(provider.models)


def _field_to_mend(plugin: ProviderPlugin, error: ProviderError | None) -> str:
    """Return the field an error is about: the key when it was refused, else the address."""
    is_key = error is not None and error.rejected_credential
    of_kind = [field.name for field in plugin.fields if field.is_secret == is_key]
    named = "key" if is_key else "endpoint"
    return named if named in of_kind else next(iter(of_kind), "")


def _fill(row: Connection, plugin: ProviderPlugin, values: Mapping[str, str]) -> None:
    secret = {field.name for field in plugin.fields if field.is_secret}
    row.values = {name: value for name, value in values.items() if name not in secret}
    kept = {name: value for name, value in values.items() if name in secret and value}
    row.sealed_secrets = credentials.seal(row.id, kept)
    row.runs_here = plugin.runs_here or is_this_machine(host_of(row.values))
    row.state, row.trouble, row.last_checked = ConnectionState.CONNECTED, "", clock.now()


def _add_models(row: Connection, names: Iterable[str]) -> None:
    """Add the models that are new; what was decided about the others stays."""
    known = set(LanguageModel.objects.filter(connection=row).values_list("name", flat=True))
    LanguageModel.objects.bulk_create(
        LanguageModel(
            connection=row,
            name=name,
            title=name[:120],
            ceiling=first_ceiling(runs_here=stays_here(connection_runs_here=row.runs_here, model_name=name)),
        )
        for name in names
        if name not in known
    )


def _note(action: str, row: Connection, actor: Actor, outcome: Outcome = "done", **details: Scalar) -> None:
    told = {"title": row.title, "kind": row.kind, "host": host_of(row.values), **details}
    record(Entry(clock.now(), action, outcome, actor.person, "connection", str(row.id), details=told))
