"""Authenticated encryption of values at rest, in two layers: data keys seal values, a master key wraps data keys.

`sealing` holds the sealed forms, `master_keys` the layer above. Where data keys and master keys are kept is decided
by whoever implements the ports (`DataKeys`, `MasterKey`); this package knows no database and no files.
"""

from allotment.kernel.crypto.data_keys import DataKey, DataKeys, keep_keys_with, kept_keys
from allotment.kernel.crypto.master_keys import LocalMasterKey, MasterKey, RotatingMasterKey, Wrapped
from allotment.kernel.crypto.sealing import Vault, key_id_of, vault

__all__ = [
    "DataKey",
    "DataKeys",
    "LocalMasterKey",
    "MasterKey",
    "RotatingMasterKey",
    "Vault",
    "Wrapped",
    "keep_keys_with",
    "kept_keys",
    "key_id_of",
    "vault",
]
