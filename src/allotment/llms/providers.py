"""From a model's id to a live provider: one per connection, made anew when the connection's row changes.

Invariant: a model that is off, or whose connection is off, is never reached. Needs an `Outbound`, which the
composition root installs with `use_outbound`. Synchronous (it reads a row); call it from a thread.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from anyio import to_thread
from django.utils.translation import gettext

from allotment.engine.asking import Provider, ProviderPlugin
from allotment.kernel.errors import AllotmentError, NotFound, Unavailable
from allotment.kernel.outbound import Outbound
from allotment.kernel.plugins import plugins
from allotment.llms import credentials
from allotment.llms.models import Connection, ConnectionState, LanguageModel
from allotment.llms.pricing import Tariff
from allotment.llms.rules import host_of, stays_here


@dataclass(frozen=True)
class ReachableModel:
    """A model that can be asked now, with what its answers cost."""

    provider: Provider
    name: str
    """The provider's own name of the model."""
    tariff: Tariff


@dataclass(frozen=True)
class _Connected:
    revision: int
    provider: Provider


_outbound: Outbound | None = None
_connected: dict[UUID, _Connected] = {}


def use_outbound(outbound: Outbound | None) -> None:
    """Let connections reach the world through `outbound` (composition root only)."""
    global _outbound  # noqa: PLW0603 - the one switch of this module
    _outbound = outbound
    _connected.clear()


def outbound() -> Outbound:
    """Return the outbound client of this process; raises `Unavailable` when it has none."""
    if _outbound is None:
        raise Unavailable(
            gettext("This process cannot reach any model."),
            hint=gettext("Start the server with `allotment up`."),
        )
    return _outbound


async def stop() -> None:
    """Forget all providers and end the processes their plugins started on this machine."""
    _connected.clear()
    for plugin in plugins("providers").values():
        if end := getattr(plugin, "stop", None):
            await to_thread.run_sync(end)


def plugin_of(kind: str) -> ProviderPlugin:
    """Return the plugin of `kind`; raises `NotFound` when this installation has none."""
    found: ProviderPlugin | None = plugins("providers").get(kind)
    if found is None:
        raise NotFound(
            gettext("This installation cannot connect to “%(kind)s”.") % {"kind": kind},
            hint=gettext("Choose one of the kinds on the models page."),
        )
    return found


def provider_for(model_id: UUID | str) -> Provider:
    """Return the provider of this model; see `reachable`."""
    return reachable(model_id).provider


def reachable(model_id: UUID | str) -> ReachableModel:
    """Return the model with its live provider; raises `NotFound`, or `Unavailable` when it is off."""
    row = _row(model_id)
    if not row.is_on:
        raise _switched_off(row)
    return _reached(row)


def all_reachable() -> dict[UUID, ReachableModel]:
    """Return every model that can be asked now; one whose connection cannot be opened is left out."""
    rows = LanguageModel.objects.select_related("connection").filter(is_on=True)
    found: dict[UUID, ReachableModel] = {}
    for row in rows.exclude(connection__state=ConnectionState.OFF):
        with suppress(AllotmentError):  # asked by name, it says why
            found[row.id] = _reached(row)
    return found


def reachable_for_trial(model_id: UUID | str) -> ReachableModel:
    """Return the model even if it is not offered yet, so that it can be tried first."""
    return _reached(_row(model_id))


def _row(model_id: UUID | str) -> LanguageModel:
    row = LanguageModel.objects.select_related("connection").filter(id=model_id).first()
    if row is None:
        raise NotFound(
            gettext("This app's model is not here any more."),
            hint=gettext("Choose another model for the app."),
        )
    return row


def _reached(row: LanguageModel) -> ReachableModel:
    if row.connection.state == ConnectionState.OFF:
        raise _switched_off(row)
    return ReachableModel(_live(row.connection), row.name, tariff_of(row))


def _switched_off(row: LanguageModel) -> Unavailable:
    return Unavailable(
        gettext("The model “%(title)s” is switched off.") % {"title": row.title},
        hint=gettext("Choose another model, or ask an administrator to turn it on."),
    )


def tariff_of(row: LanguageModel) -> Tariff:
    """Return what the price of this model depends on."""
    connection = row.connection
    return Tariff(
        model_name=row.name,
        endpoint_host=host_of(connection.values) or _public_host(connection.kind),
        runs_here=stays_here(connection_runs_here=connection.runs_here, model_name=row.name),
        input_price=row.input_price,
        output_price=row.output_price,
    )


def connect_anew(kind: str, values: Mapping[str, str]) -> Provider:
    """Return a provider for these field values, which nobody keeps."""
    return plugin_of(kind).connect(values, outbound())


def _live(connection: Connection) -> Provider:
    known = _connected.get(connection.id)
    if known is None or known.revision != connection.revision:
        secrets = credentials.unseal(connection.id, connection.sealed_secrets)
        provider = connect_anew(connection.kind, {**connection.values, **secrets})
        known = _connected[connection.id] = _Connected(connection.revision, provider)
    return known.provider


def _public_host(kind: str) -> str:
    """Return the host that a kind of provider talks to unless told otherwise; empty for a plugin that is gone."""
    plugin = plugins("providers").get(kind)
    return "" if plugin is None else host_of({field.name: field.default for field in plugin.fields})
