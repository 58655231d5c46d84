"""Settings of one installation, read once from the environment into a frozen object.

Invariant: nothing is required for a first start. Every secret may also be given as `<NAME>_FILE`.
What an administrator changes at run time is a row in a table, not a variable here.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from allotment.kernel.errors import Misconfigured
from allotment.kernel.files import keep_once

DEFAULT_PORT = 8000


@dataclass(frozen=True)
class VaultTransit:
    """Where a HashiCorp Vault or OpenBao holds the master key, and how this installation signs in to it."""

    address: str
    token: str = field(repr=False)
    token_file: Path | None
    """Read again when the token is refused: agents renew the file."""
    key: str
    mount: str
    namespace: str
    ca_file: str
    """Empty: the machine's own certificates."""


@dataclass(frozen=True)
class Settings:
    """Where this installation lives and how it is reached."""

    home: Path
    """Folder of the database, keys and the practice model; mode 0700."""
    host: str
    port: int
    public_url: str
    """The address people type, without a trailing slash; decides secure cookies and allowed hosts."""
    database_url: str
    """Empty for SQLite in `home`, else `postgresql://user:password@host:port/name`."""
    secret_key: str = field(repr=False)
    master_key_file: Path
    journal_key_file: Path
    """The key that signs the journal's checkpoints, made on first start; keep it from whoever keeps the database."""
    eval_data: Path
    debug: bool
    scripted_model: bool
    """Offer the scripted provider (tests, benchmarks); never set it where people work."""
    master_key: str = field(default="", repr=False)
    """The master key itself, 32 bytes as hex or base64; empty when it lives in `master_key_file` or a Vault."""
    previous_master_key: str = field(default="", repr=False)
    """The one before, while data keys are re-wrapped."""
    vault: VaultTransit | None = None
    """None when no Vault holds the master key."""

    @property
    def is_https(self) -> bool:
        """Whether people reach this installation over HTTPS."""
        return self.public_url.startswith("https://")

    @property
    def practice_model_file(self) -> Path:
        """Where the practice model's weights are kept."""
        return self.home / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"


def _secret(environment: Mapping[str, str], name: str) -> str:
    path = environment.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Misconfigured(
                f"{name}_FILE names {path}, which cannot be read: {error.strerror}.",
                hint="Give the path of a readable file that holds the value alone.",
            ) from error
    return environment.get(name, "")


def _vault(environment: Mapping[str, str]) -> VaultTransit | None:
    address = environment.get("ALLOTMENT_VAULT_ADDR", "").rstrip("/")
    if not address:
        return None
    token = _secret(environment, "ALLOTMENT_VAULT_TOKEN")
    token_file = environment.get("ALLOTMENT_VAULT_TOKEN_FILE", "")
    if not token:
        raise Misconfigured(
            "ALLOTMENT_VAULT_ADDR is set, but no token to sign in to the Vault with.",
            hint="Set ALLOTMENT_VAULT_TOKEN, or ALLOTMENT_VAULT_TOKEN_FILE to a file that holds it.",
        )
    return VaultTransit(
        address=address,
        token=token,
        token_file=Path(token_file) if token_file else None,
        key=environment.get("ALLOTMENT_VAULT_KEY") or "allotment",
        mount=environment.get("ALLOTMENT_VAULT_MOUNT") or "transit",
        namespace=environment.get("ALLOTMENT_VAULT_NAMESPACE", ""),
        ca_file=environment.get("ALLOTMENT_VAULT_CACERT", ""),
    )


def _port(environment: Mapping[str, str]) -> int:
    text = environment.get("ALLOTMENT_PORT") or str(DEFAULT_PORT)
    if not text.isdigit() or not 0 < int(text) < 65536:  # noqa: PLR2004 - TCP port range
        raise Misconfigured(
            f"ALLOTMENT_PORT is “{text}”, which is not a port.", hint="Use a number from 1 to 65535."
        )
    return int(text)


def ensure_home(home: Path) -> None:
    """Make the home folder, private to its owner."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(
            f"The folder {home} cannot be made: {error.strerror}.",
            hint="Set ALLOTMENT_HOME to a folder you may write to.",
        ) from error


def _kept_secret(path: Path) -> str:
    """Return the secret kept at `path`, made on first use with mode 0600."""
    if not path.exists():
        keep_once(path, secrets.token_urlsafe(48).encode())
    return path.read_text(encoding="utf-8").strip()


def load(environment: Mapping[str, str]) -> Settings:
    """Read settings from `environment`; makes the home folder and the session key when missing."""
    home = Path(environment.get("ALLOTMENT_HOME", "") or ".allotment").expanduser().resolve()
    ensure_home(home)
    host = environment.get("ALLOTMENT_HOST") or "127.0.0.1"
    port = _port(environment)
    shown_host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - a comparison, not a bind
    return Settings(
        home=home,
        host=host,
        port=port,
        public_url=(environment.get("ALLOTMENT_URL") or f"http://{shown_host}:{port}").rstrip("/"),
        database_url=_secret(environment, "ALLOTMENT_DATABASE_URL"),
        secret_key=_secret(environment, "ALLOTMENT_SECRET_KEY") or _kept_secret(home / "session.key"),
        master_key_file=Path(environment.get("ALLOTMENT_MASTER_KEY_FILE", "") or home / "master.key"),
        journal_key_file=Path(environment.get("ALLOTMENT_JOURNAL_KEY_FILE", "") or home / "journal.key"),
        eval_data=Path(environment.get("ALLOTMENT_EVAL_DATA", "") or "../shared/data"),
        debug=environment.get("ALLOTMENT_DEBUG", "") == "1",
        scripted_model=environment.get("ALLOTMENT_SCRIPTED_MODEL", "") == "1",
        master_key=environment.get("ALLOTMENT_MASTER_KEY", ""),
        previous_master_key=_secret(environment, "ALLOTMENT_MASTER_KEY_PREVIOUS"),
        vault=_vault(environment),
    )


@cache
def settings() -> Settings:
    """Return this process's settings, read once."""
    return load(os.environ)  # noqa: TID251 - the one place
