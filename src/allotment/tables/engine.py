"""The engine that computes tables: a DuckDB in memory that can reach the named files and nothing else.

Invariant: an engine reads and writes only the files it was opened with; it knows no network, no extension, no other
file and no variable of ours, and nothing that runs in it can change that. It ends at its limits of memory, time and
spilled bytes, or when whoever waits for it says stop. SQL comes from modules of this package alone: names of people
go through `identifier`, their values through parameters.
"""

import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from allotment.kernel.errors import Conflict, Invalid, TooLarge

_LOOKS_EVERY_SECONDS = 0.05
_SPILLED_GIB = 4

Parameters = Sequence[object] | Mapping[str, object]


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Limits:
    """What one engine may use. `is_stopped` is asked about twenty times a second, in a thread of its own."""

    memory_mib: int = 512
    threads: int = 2
    seconds: float = 20
    is_stopped: Callable[[], bool] = _never


def identifier(name: str) -> str:
    """Return the name of a column quoted for SQL. The one place where a name of a person becomes part of SQL."""
    if not name or "\0" in name:
        raise Invalid(
            "A column has no name that can be used.", hint="Give the column a name in its first row."
        )
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """Return text of our own (a path, a pattern) quoted for the places in SQL that take no parameter."""
    return "'" + text.replace("'", "''") + "'"


class _Watch:
    """Interrupts a connection when its time is over or somebody says stop, and remembers which it was."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, limits: Limits) -> None:
        self._connection = connection
        self._limits = limits
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="table-engine-watch", daemon=True)
        self.was_stopped = False
        self.is_late = False

    def _look(self) -> None:
        looks_left = max(1, round(self._limits.seconds / _LOOKS_EVERY_SECONDS))
        while not self._is_over.wait(_LOOKS_EVERY_SECONDS):
            looks_left -= 1
            self.was_stopped = self.was_stopped or self._limits.is_stopped()
            self.is_late = looks_left <= 0
            if self.was_stopped or self.is_late:
                # Again at each look: an interrupt between two statements is lost.
                self._connection.interrupt()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()


class Engine:
    """One opened engine, for one thread. `run` and `rows` turn what its limits refuse into words."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, limits: Limits, watch: _Watch) -> None:
        self._connection = connection
        self._limits = limits
        self._watch = watch

    def run(self, sql: str, parameters: Parameters = ()) -> duckdb.DuckDBPyConnection:
        """Run one statement of ours; raises TooLarge, Conflict (stopped) or Invalid for what the data did to it.

        Other errors of DuckDB pass: whoever wrote the statement knows what they mean.
        """
        with self._in_words():
            return self._connection.execute(sql, parameters or None)

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run one statement of ours and return all its rows."""
        with self._in_words():
            return self._connection.execute(sql, parameters or None).fetchall()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except duckdb.InterruptException as error:
            raise self._why_interrupted() from error
        except duckdb.OutOfMemoryException as error:
            raise TooLarge(
                f"This table needs more than the {self._limits.memory_mib} MiB of memory that one computation may use.",
                hint="Keep fewer rows or columns before this, or put fewer different values together.",
            ) from error
        except (duckdb.OutOfRangeException, duckdb.ConversionException) as error:
            raise Invalid(
                "A number became too large to compute with.",
                hint="Look for cells with far too many digits, or read the column as text.",
            ) from error

    def _why_interrupted(self) -> Conflict | TooLarge:
        if self._watch.was_stopped:
            return Conflict(
                "The computation was stopped.", hint="Start it again when you want.", code="stopped"
            )
        return TooLarge(
            f"The computation took longer than {self._limits.seconds:g} seconds, so it was ended.",
            hint="Keep fewer rows first, or join on columns that agree for only a few rows.",
        )


@contextmanager
def open_engine(files: Iterable[Path] = (), limits: Limits | None = None) -> Iterator[Engine]:
    """Open an engine that can reach exactly `files` (to read them, or to write them).

    What does not fit into memory spills into a private folder beside the first file, removed at the end: that is
    where the same data already lies.
    """
    limits = limits or Limits()
    reachable = tuple(file.resolve() for file in files)
    beside = reachable[0].parent if reachable else None
    with tempfile.TemporaryDirectory(prefix="spill-", dir=beside) as spill:
        connection = duckdb.connect(":memory:", config=_configuration(limits, spill))
        try:
            _lock(connection, reachable)
            with _Watch(connection, limits) as watch:
                yield Engine(connection, limits, watch)
        finally:
            connection.close()


def _configuration(limits: Limits, spill: str) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "threads": limits.threads,
        "memory_limit": f"{limits.memory_mib}MiB",
        "temp_directory": spill,
        "max_temp_directory_size": f"{_SPILLED_GIB}GiB",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "allow_persistent_secrets": "false",
        "python_enable_replacements": "false",
    }


def _lock(connection: duckdb.DuckDBPyConnection, reachable: Sequence[Path]) -> None:
    """Shut the doors, in the order that DuckDB wants: the files first, the lock last."""
    paths = ", ".join(text_literal(str(path)) for path in reachable)
    connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
