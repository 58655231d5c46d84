"""Help is instant and complete; every command that lists or does something can answer in JSON."""

import json
import subprocess
import sys

import click
import pytest

from allotment import __version__
from allotment.cli.main import root

COMMANDS = (
    "up",
    "run",
    "apps",
    "templates",
    "people",
    "models",
    "journal",
    "keys",
    "doctor",
    "schema",
    "demo",
    "completion",
)
SPEAKING_A_STANDARD = {f"journal {name}" for name in ("prove", "export", "checkpoint", "keys")}
"""Commands whose output is a format others define: C2SP proofs, checkpoints and keys, lines of JSON."""
HEAVY = (
    "django.db",
    "dbos",
    "sqlalchemy",
    "cedarpy",
    "starlette",
    "uvicorn",
    "aiohttp",
    "msgspec",
    "cryptography",
)


def modules_after(*arguments: str) -> set[str]:
    """Return what one command imported, in a process of its own."""
    program = (
        "import json, sys\nfrom allotment.cli.main import main\n"
        f"sys.argv = ['allotment', *{list(arguments)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('\\n' + json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=120
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert modules_after(*arguments) & set(HEAVY) == set()


def test_the_schema_needs_no_database() -> None:
    assert "django.db" not in modules_after("schema")


def test_the_list_of_commands_is_complete() -> None:
    assert tuple(root.list_commands(click.Context(root))) == COMMANDS


def test_the_version_is_that_of_the_package() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "allotment", "--version"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert __version__ in done.stdout


def _leaves(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        return [found for name, one in command.commands.items() for found in _leaves(one, f"{path} {name}")]
    return [(path, command)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_answers_in_json(name: str) -> None:
    command = root.get_command(click.Context(root), name)
    assert command is not None
    for path, leaf in _leaves(command, name):
        assert leaf.help, path
        if path not in {"up", "demo", "completion"} | SPEAKING_A_STANDARD:
            assert any("--json" in parameter.opts for parameter in leaf.params), path
