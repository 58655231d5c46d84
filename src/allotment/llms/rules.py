"""Pure decisions about where a model runs and what it may be asked with.

Invariant: doubt counts as "not on this machine".
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

from django.utils.text import slugify

from allotment.engine.spec.app import DataClass

_CLOUD_SUFFIXES = (":cloud", "-cloud")
"""Ollama lists models it only passes on to its own cloud under these names."""


def host_of(values: Mapping[str, str]) -> str:
    """Return the host a connection talks to; empty when its fields hold no address."""
    for value in values.values():
        if value.startswith(("https://", "http://")):
            return _host(value)
    return ""


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def is_this_machine(host: str) -> bool:
    """Whether `host` is a loopback address or its name."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def stays_here(*, connection_runs_here: bool, model_name: str) -> bool:
    """Whether what this model is asked never leaves this machine."""
    return connection_runs_here and not model_name.lower().endswith(_CLOUD_SUFFIXES)


def possible_ceilings(*, runs_here: bool) -> tuple[DataClass, ...]:
    """Return the data classes a model may be approved for: restricted data stays on this machine."""
    return (
        tuple(DataClass) if runs_here else tuple(one for one in DataClass if one is not DataClass.RESTRICTED)
    )


def first_ceiling(*, runs_here: bool) -> DataClass:
    """Return the ceiling of a model nobody has decided about yet."""
    return DataClass.CONFIDENTIAL if runs_here else DataClass.INTERNAL


def may_stand_in(*, ceiling: DataClass, for_ceiling: DataClass) -> bool:
    """Whether a model may be asked everything that one with `for_ceiling` may be asked."""
    order = tuple(DataClass)
    return order.index(ceiling) >= order.index(for_ceiling)


def api_names(models: Iterable[tuple[UUID, str, str]]) -> dict[UUID, str]:
    """Return what a caller at the API writes for each model, given its id, its provider's name and its connection.

    That is the provider's name where only one model has it, else `name@connection`, with the connection's title in
    small letters and hyphens. Two connections of one title are told apart by the end of the model's id.
    """
    found = tuple(models)
    names = Counter(name for _, name, _ in found)
    longer = {id_: f"{name}@{slugify(connection) or 'connection'}" for id_, name, connection in found}
    alike = Counter(longer.values())
    return {
        id_: name
        if names[name] == 1
        else longer[id_]
        if alike[longer[id_]] == 1
        else f"{longer[id_]}-{id_.hex[-6:]}"
        for id_, name, _ in found
    }
