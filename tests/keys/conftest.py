"""A home for each test, with a master key of its own, and nothing remembered from the one before."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from allotment.kernel.settings import Settings, load
from allotment.keys import masters, rotating
from allotment.keys.keeping import stored_keys


@dataclass
class Home:
    """The installation of a test. `choose` changes its environment, as a restart would."""

    path: Path
    use: Callable[[Settings], None]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def master_key(self) -> Path:
        return self.path / "master.key"

    def choose(self, **environment: str) -> None:
        """Set variables (an empty one is unset) and start anew."""
        self.environment |= environment
        self.use(load({"ALLOTMENT_HOME": str(self.path), **self.environment}))
        self.restart()

    def restart(self) -> None:
        """Forget what a process remembers."""
        masters.masters.cache_clear()
        stored_keys.forget_all()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """An installation without a master key yet."""

    def use(settings: Settings) -> None:
        monkeypatch.setattr(masters, "settings", lambda: settings)
        monkeypatch.setattr(rotating, "settings", lambda: settings)

    found = Home(tmp_path, use)
    found.choose()
    yield found
    monkeypatch.undo()
    found.restart()


@pytest.fixture
def transactions(transactional_db: Any, home: Home) -> Home:
    """The same, on a database that commits."""
    return home
