"""Where rows live: SQLite in the installation's home by default, PostgreSQL when a URL says so."""

from typing import Any
from urllib.parse import unquote, urlsplit

from allotment.kernel.errors import Misconfigured
from allotment.kernel.settings import Settings

# FULL: what the journal says is on disk survives a power cut, not only a crash.
# secure_delete: a key that was destroyed leaves no bytes behind in a free part of the file.
# recursive_triggers: INSERT OR REPLACE meets the triggers that keep the journal's rows from being removed. (A trigger
# before each insert would do the same, but makes recording a third slower.)
# wal_autocheckpoint: `composition/upkeep.py` moves the log into the file beside the commits; they do it themselves only
# once it is this long (32 MB), which happens when that thread fell behind.
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000; PRAGMA foreign_keys=ON; "
    "PRAGMA secure_delete=ON; PRAGMA recursive_triggers=ON; PRAGMA wal_autocheckpoint=8000;"
)


def databases(installation: Settings) -> dict[str, Any]:
    """Return Django's DATABASES for this installation."""
    if not installation.database_url:
        return {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": installation.home / "allotment.sqlite3",
                "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": _SQLITE_PRAGMAS, "timeout": 5},
                "CONN_MAX_AGE": None,
                # A file in tests too: threads must meet the locks they meet in real life.
                "TEST": {"NAME": installation.home / "test.sqlite3"},
            }
        }
    url = urlsplit(installation.database_url)
    if url.scheme not in ("postgres", "postgresql"):
        raise Misconfigured(
            f"ALLOTMENT_DATABASE_URL starts with “{url.scheme}://”, which is not supported.",
            hint="Use postgresql://user:password@host:port/name, or leave it empty for SQLite.",
        )
    return {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.lstrip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": url.hostname or "",
            "PORT": str(url.port or 5432),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    }
