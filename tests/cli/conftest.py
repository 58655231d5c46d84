"""Two ways to run a command: in this process on the test database, and as people do, in a process of its own."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from allotment.cli.main import root
from tests.serving import Server


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    output: str
    errors: str
    code: int

    @property
    def json(self) -> Any:
        """The output, read as JSON."""
        return json.loads(self.output)


Allotment = Callable[..., Ran]


@pytest.fixture
def allotment(db: None, monkeypatch: pytest.MonkeyPatch) -> Allotment:
    """Return `allotment("people", "list", …)`, run in this process; errors of ours are raised."""
    monkeypatch.setenv(
        "DJANGO_SETTINGS_MODULE", "tests.django_settings"
    )  # the command line sets its own; undo it

    def run(*arguments: str) -> Ran:
        result = CliRunner().invoke(root, arguments, prog_name="allotment")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.stdout, result.stderr, result.exit_code)

    return run


@dataclass(frozen=True)
class Installation:
    """A planted installation that no server serves."""

    server: Server
    people: dict[str, str]

    @property
    def app(self) -> str:
        """The published app."""
        return self.people["app"]

    def __call__(self, *arguments: str) -> Ran:
        """Run a command in a process of its own."""
        done = self.server.command(*arguments, check=False)
        return Ran(done.stdout, done.stderr, done.returncode)


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with a person of every role, a published app, and scripted answers."""
    server = Server(tmp_path_factory.mktemp("home"))
    return Installation(server, server.plant())


@pytest.fixture
def empty_home(tmp_path: Path) -> Installation:
    """An installation in which nobody has an account."""
    return Installation(Server(tmp_path), {})
