"""The site is safe by default, and stricter when people reach it over HTTPS."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.urls import get_resolver
from django.utils.module_loading import import_string

NAMES = (
    "ALLOWED_HOSTS",
    "CSRF_COOKIE_SECURE",
    "CSRF_TRUSTED_ORIGINS",
    "DEBUG",
    "SESSION_COOKIE_SECURE",
)


def settings_with(tmp_path: Path, **environment: str) -> dict[str, object]:
    """Return some of the settings as another process reads them from this environment."""
    program = (
        "import json\nimport allotment.site.django_settings as made\n"
        f"print(json.dumps({{name: getattr(made, name) for name in {NAMES!r}}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"ALLOTMENT_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path), **environment},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_first_start_is_for_this_machine_without_debugging(tmp_path: Path) -> None:
    found = settings_with(tmp_path)
    assert found["DEBUG"] is False
    assert set(found["ALLOWED_HOSTS"]) <= {"127.0.0.1", "localhost", "testserver"}  # type: ignore[call-overload]
    assert found["SESSION_COOKIE_SECURE"] is False


def test_over_https_cookies_never_travel_in_the_clear(tmp_path: Path) -> None:
    found = settings_with(tmp_path, ALLOTMENT_URL="https://apps.example.org")
    assert (found["SESSION_COOKIE_SECURE"], found["CSRF_COOKIE_SECURE"]) == (True, True)
    assert "apps.example.org" in found["ALLOWED_HOSTS"]  # type: ignore[operator]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://apps.example.org"]


def test_passwords_are_hashed_slowly_and_checked() -> None:
    assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    lengths = [one.get("OPTIONS", {}).get("min_length", 0) for one in settings.AUTH_PASSWORD_VALIDATORS]
    assert max(lengths) >= 10


def test_cookies_are_out_of_reach_of_scripts() -> None:
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.CSRF_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"
    assert settings.X_FRAME_OPTIONS == "DENY"


def test_the_gatekeeper_stands_closest_to_the_views() -> None:
    assert settings.MIDDLEWARE[-1] == "allotment.policies.authority.Gatekeeper"


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_every_failure_has_a_page(status: int) -> None:
    handler = get_resolver().resolve_error_handler(status)
    assert callable(handler if callable(handler) else import_string(handler))


def test_django_finds_nothing_wrong() -> None:
    assert run_checks() == []
