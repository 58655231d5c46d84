"""The master key in the transit engine of a HashiCorp Vault or OpenBao: it never leaves there, data keys visit it.

The one adapter that reaches the network past `kernel.outbound`, through `hvac`: what it sends is no effect of any app
and no content, only keys on their way to be wrapped; and it must work where no event loop is (start-up, command line).
Invariant: the token is sent to the Vault's own address and nowhere else; it appears in no message and no log.
Refuses: following redirects, and waiting longer than a few seconds.
"""

import base64
import binascii
import logging
from collections.abc import Callable
from typing import Any

from allotment.kernel.crypto import RotatingMasterKey, Wrapped
from allotment.kernel.errors import Misconfigured, Unavailable
from allotment.kernel.settings import VaultTransit

try:
    import hvac  # type: ignore[import-untyped]
except ImportError:
    hvac = None

_TIMEOUT_SECONDS = (2, 5)
"""To connect, to answer."""
_KEY_BYTES = 32

# urllib3 writes each request's address at debug level; nobody needs it, and headers must never follow.
logging.getLogger("urllib3").setLevel(logging.WARNING)


class Transit:
    """A master key in a Vault's transit engine. Its names are `vault:<mount>/<key>:v<version>`."""

    def __init__(self, access: VaultTransit) -> None:
        if hvac is None:
            raise Misconfigured(
                "ALLOTMENT_VAULT_ADDR is set, but the part that speaks to a Vault is not installed.",
                hint='Run: pip install "allotment[vault]"',
                code="master-key",
            )
        self._access = access
        self._prefix = f"vault:{access.mount}/{access.key}:"
        self._client: Any = hvac.Client(
            url=access.address,
            token=access.token,
            namespace=access.namespace or None,
            verify=access.ca_file or True,
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,
        )

    @property
    def _transit(self) -> Any:
        return self._client.secrets.transit

    def newest(self) -> str:
        """Return the name of the newest version; raises `Unavailable` when the Vault does not answer."""
        answer = self._ask(lambda: self._transit.read_key(name=self._access.key, **self._mount))
        return f"{self._prefix}v{int(_field(answer, 'latest_version'))}"

    def can_unwrap(self, master: str) -> bool:
        """Whether `master` names a version of this key."""
        return master.startswith(self._prefix)

    def wrap(self, key: bytes, *, key_id: bytes) -> Wrapped:
        """Let the Vault encrypt the key, with its id before it."""
        text = base64.b64encode(key_id + key).decode()
        return self._wrapped(
            self._ask(
                lambda: self._transit.encrypt_data(name=self._access.key, plaintext=text, **self._mount)
            )
        )

    def unwrap(self, wrapped: Wrapped, *, key_id: bytes) -> bytes:
        """Let the Vault decrypt the key; raises `Unavailable` when it is not the one with this id."""
        text = wrapped.content.decode("ascii", "replace")
        answer = self._ask(
            lambda: self._transit.decrypt_data(name=self._access.key, ciphertext=text, **self._mount)
        )
        try:
            opened = base64.b64decode(_field(answer, "plaintext"), validate=True)
        except binascii.Error:
            opened = b""
        if len(opened) != len(key_id) + _KEY_BYTES or not opened.startswith(key_id):
            raise Unavailable(
                "A stored encryption key does not verify: it was changed or exchanged.",
                hint="Restore the database from your backup and look at the journal.",
                code="key-damaged",
            )
        return opened[len(key_id) :]

    def renew(self, wrapped: Wrapped, *, key_id: bytes) -> Wrapped:
        """Let the Vault re-wrap the key under its newest version; the key stays inside."""
        del key_id
        text = wrapped.content.decode("ascii", "replace")
        return self._wrapped(
            self._ask(
                lambda: self._transit.rewrap_data(name=self._access.key, ciphertext=text, **self._mount)
            )
        )

    def rotate(self) -> None:
        """Let the Vault make a new version of the key."""
        self._ask(lambda: self._transit.rotate_key(name=self._access.key, **self._mount))

    @property
    def _mount(self) -> dict[str, str]:
        return {"mount_point": self._access.mount}

    def _wrapped(self, answer: Any) -> Wrapped:
        ciphertext = _field(answer, "ciphertext")
        version = ciphertext.split(":", 2)[1]
        return Wrapped(self._prefix + version, ciphertext.encode())

    def _ask(self, ask: Callable[[], Any]) -> Any:
        """Ask once, and once more with a fresh token when the token's file has changed."""
        try:
            return ask()
        except hvac.exceptions.Forbidden as error:
            if not self._has_fresh_token():
                raise self._refused() from error
        except (hvac.exceptions.VaultError, OSError) as error:
            raise self._failed(error) from error
        try:
            return ask()
        except (hvac.exceptions.VaultError, OSError) as error:
            raise self._failed(error) from error

    def _has_fresh_token(self) -> bool:
        file = self._access.token_file
        if file is None:
            return False
        try:
            token = file.read_text(encoding="utf-8").strip()
        except OSError:
            return False
        is_fresh = bool(token) and token != self._client.token
        self._client.token = token
        return is_fresh

    def _refused(self) -> Unavailable:
        return Unavailable(
            f"The Vault at {self._access.address} refuses the token of this installation.",
            hint=f"Give it a valid token (ALLOTMENT_VAULT_TOKEN or its file) that may use the transit key"
            f" “{self._access.key}”.",
            code="master-key",
        )

    def _failed(self, error: Exception) -> Unavailable:
        if isinstance(error, hvac.exceptions.Forbidden):
            return self._refused()
        if isinstance(error, hvac.exceptions.InvalidPath | hvac.exceptions.InvalidRequest):
            return Unavailable(
                f"The Vault at {self._access.address} cannot use the transit key “{self._access.key}”.",
                hint=f"Check that the engine is mounted at “{self._access.mount}” and has this key, in all the"
                " versions this installation's keys were wrapped under.",
                code="master-key",
            )
        return Unavailable(
            f"The Vault at {self._access.address} does not answer, and it holds the master key.",
            hint="Check that it runs, is unsealed, and can be reached from here.",
            code="master-key",
        )


def _field(answer: Any, name: str) -> str:
    """Return a field of a Vault's answer; raises `Unavailable` when it is not such an answer."""
    try:
        return str(answer["data"][name])
    except (KeyError, TypeError) as error:
        raise Unavailable(
            "What answered is not a Vault.", hint="Check ALLOTMENT_VAULT_ADDR.", code="master-key"
        ) from error


class _Plugin:
    """How the installation finds this adapter."""

    kind = "vault_transit"

    def connect(self, access: VaultTransit) -> RotatingMasterKey:
        """Return the master key; raises `Misconfigured` without the part that speaks to a Vault."""
        return Transit(access)


plugin = _Plugin()
