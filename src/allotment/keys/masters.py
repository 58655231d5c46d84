"""The master keys of this installation: the one in use, and those that may still be needed.

Invariant: a master key is made on the first start only. Where the database has data keys already, a missing one is
named and nothing is made.
"""

from dataclasses import dataclass
from functools import cache

from allotment.adapters.master_keys.key_file import KeyFile
from allotment.adapters.master_keys.written import key_in
from allotment.kernel.crypto import LocalMasterKey, MasterKey, RotatingMasterKey, Wrapped
from allotment.kernel.errors import Misconfigured, Unavailable
from allotment.kernel.plugins import plugin
from allotment.kernel.settings import Settings, settings
from allotment.keys.models import DataKeyRow, Kind


@dataclass(frozen=True)
class Masters:
    """The master key in use, and the local ones that are at hand beside it."""

    current: MasterKey
    others: tuple[LocalMasterKey, ...]
    place: str
    """Where the one in use lives, in words."""
    vault: RotatingMasterKey | None = None
    """The one in use, when a Vault holds it."""

    @property
    def local(self) -> tuple[LocalMasterKey, ...]:
        """Every key whose bytes are at hand."""
        own = (self.current,) if isinstance(self.current, LocalMasterKey) else ()
        return (*own, *self.others)

    def able_to_unwrap(self, master: str) -> MasterKey | None:
        """Return the key behind this name, if it is here."""
        return next((key for key in (self.current, *self.others) if key.can_unwrap(master)), None)


@cache
def masters() -> Masters:
    """Return the master keys as last read; raises `Misconfigured` when the one in use is missing or unusable."""
    return _read(settings())


def reread() -> Masters:
    """Return the master keys as they are now: another process may have changed them."""
    masters.cache_clear()
    return masters()


def unwrap(row: DataKeyRow) -> bytes:
    """Return a data key; raises `Unavailable`, naming the master key that is needed, when that one is not here."""
    wrapped = Wrapped(row.master, bytes(row.wrapped))
    master = masters().able_to_unwrap(row.master) or reread().able_to_unwrap(row.master) or _former(row)
    return master.unwrap(wrapped, key_id=row.id.bytes)


def key_file(installation: Settings | None = None) -> KeyFile:
    """Return the file in which the master key lives unless settings say otherwise."""
    return KeyFile((installation or settings()).master_key_file)


def is_in_file() -> bool:
    """Whether the master key in use lives in a file."""
    return not settings().vault and not settings().master_key


def _read(installation: Settings) -> Masters:
    file = key_file(installation)
    beside = [
        key_in(installation.previous_master_key.encode(), "ALLOTMENT_MASTER_KEY_PREVIOUS")
        if installation.previous_master_key
        else None,
        file.read_previous(),
    ]
    if installation.vault is not None:
        vault: RotatingMasterKey = plugin("master_keys", "vault_transit").connect(installation.vault)
        others = _others(vault, [*beside, file.read()])
        return Masters(vault, others, f"the Vault at {installation.vault.address}", vault)
    if installation.master_key:
        given = key_in(installation.master_key.encode(), "ALLOTMENT_MASTER_KEY")
        return Masters(given, _others(given, [*beside, file.read()]), "the setting ALLOTMENT_MASTER_KEY")
    kept = file.read() or _make(file)
    return Masters(kept, _others(kept, beside), f"the file {file.path}")


def _others(current: MasterKey, beside: list[LocalMasterKey | None]) -> tuple[LocalMasterKey, ...]:
    return tuple(key for key in beside if key is not None and not current.can_unwrap(key.name))


def _make(file: KeyFile) -> LocalMasterKey:
    needed = DataKeyRow.objects.filter(destroyed_at=None).exclude(kind=Kind.FORMER_MASTER)
    name = needed.order_by("-made_at").values_list("master", flat=True).first()
    if name is None:
        return file.make()
    # Another process may have made the file and the first row since this one looked for the file: look once more.
    if made_meanwhile := file.read():
        return made_meanwhile
    raise Misconfigured(
        f"The master key {name} is missing: there is no file {file.path}, and this database was encrypted with it.",
        hint=_where_to_put(name),
        code="master-key",
    )


def _former(row: DataKeyRow) -> MasterKey:
    """Return an earlier master key that is itself kept wrapped: somebody used it while it was being replaced."""
    kept = None
    if row.kind != Kind.FORMER_MASTER:
        kept = next(
            (
                one
                for one in DataKeyRow.objects.filter(kind=Kind.FORMER_MASTER)
                if _name_of(one) == row.master
            ),
            None,
        )
    if kept is None:
        raise Unavailable(
            f"The master key {row.master} is needed, and {masters().place} holds another one.",
            hint=_where_to_put(row.master),
            code="master-key",
        )
    return LocalMasterKey(unwrap(kept))


def _name_of(former: DataKeyRow) -> str:
    return former.id.bytes[:4].hex()


def _where_to_put(name: str) -> str:
    if name.startswith("vault:"):
        return (
            "It lives in a Vault. Set ALLOTMENT_VAULT_ADDR, ALLOTMENT_VAULT_TOKEN and ALLOTMENT_VAULT_KEY"
            " to where it is."
        )
    return (
        f"Take it from your backup of keys and put it back at {settings().master_key_file}, or give it in"
        " ALLOTMENT_MASTER_KEY. Nothing was changed; without this key nobody can read what was encrypted."
    )
