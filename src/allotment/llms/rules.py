"""Pure decisions about where a model runs and what it may be asked with.

Invariant: doubt counts as "not on this machine".
"""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

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
