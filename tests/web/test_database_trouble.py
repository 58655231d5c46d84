"""A database that is busy, full, read-only, away or damaged: a reason in plain words, never its own."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
)
from django.test import Client

from allotment.web.database_trouble import Trouble, trouble_of
from allotment.web.explaining import problem_of
from tests.conftest import SignIn


def raised(do: str, path: Path, before: str = "") -> sqlite3.Error:
    """Return what SQLite itself raises."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as opened:
        if before:
            opened.execute(before)
        with pytest.raises(sqlite3.Error) as failure:
            opened.execute(do)
    return failure.value


def as_django(error: Exception, kind: type[Exception] = OperationalError) -> Exception:
    """Return it as Django passes it on."""
    passed = kind(*error.args)
    passed.__cause__ = error
    return passed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.sqlite3"
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("CREATE TABLE plots (words TEXT)")
    return path


@pytest.fixture
def troubles(file: Path, tmp_path: Path) -> dict[Trouble, sqlite3.Error]:
    """Return what SQLite says in each case, not what we think it says."""
    insert = "INSERT INTO plots VALUES (zeroblob(100000))"
    found = {
        Trouble.READ_ONLY: raised(insert, file, "PRAGMA query_only=ON"),
        Trouble.FULL: raised(insert, file, "PRAGMA max_page_count=3"),
    }
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        found[Trouble.BUSY] = raised(insert, file)
        other.execute("ROLLBACK")
    with pytest.raises(sqlite3.Error) as gone:
        sqlite3.connect(tmp_path / "nowhere" / "a.sqlite3")
    found[Trouble.AWAY] = gone.value
    torn = tmp_path / "torn.sqlite3"
    torn.write_bytes(b"these are no pages of a database at all" * 40)
    found[Trouble.DAMAGED] = raised("SELECT * FROM plots", torn)
    return found


def test_what_sqlite_says_is_told_apart(troubles: dict[Trouble, sqlite3.Error]) -> None:
    assert set(troubles) == set(Trouble)
    for trouble, error in troubles.items():
        assert trouble_of(error) is trouble
        assert trouble_of(as_django(error)) is trouble
        problem = problem_of(as_django(error))
        assert problem is not None
        assert problem.status == 503
        assert problem.hint
        assert str(error) not in problem.message + problem.hint


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (psycopg.errors.ReadOnlySqlTransaction("nur lesend"), Trouble.READ_ONLY),
        (psycopg.errors.DiskFull("voll"), Trouble.FULL),
        (psycopg.errors.LockNotAvailable("gesperrt"), Trouble.BUSY),
        (psycopg.errors.QueryCanceled("zu lang"), Trouble.BUSY),
        (psycopg.errors.DeadlockDetected("verklemmt"), Trouble.BUSY),
        (psycopg.errors.SerializationFailure("nochmal"), Trouble.BUSY),
        (psycopg.errors.TooManyConnections("zu viele"), Trouble.BUSY),
        (psycopg.errors.AdminShutdown("aus"), Trouble.AWAY),
        (psycopg.errors.CannotConnectNow("noch nicht"), Trouble.AWAY),
        (psycopg.errors.ConnectionFailure("weg"), Trouble.AWAY),
        (psycopg.OperationalError("connection to server at “10.0.0.9”, port 5432 failed"), Trouble.AWAY),
        (psycopg.errors.DataCorrupted("kaputt"), Trouble.DAMAGED),
        (psycopg.errors.UndefinedTable('relation "locked" does not exist'), None),
    ],
)
def test_postgresql_is_understood_in_any_language(error: Exception, trouble: Trouble | None) -> None:
    assert trouble_of(as_django(error)) is trouble
    problem = problem_of(as_django(error))
    assert (problem is None) is (trouble is None)
    assert problem is None or not [said for said in error.args if said in problem.message + problem.hint]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError("attempt to write a readonly database"), "database-read-only"),
        (OperationalError("cannot execute INSERT in a read-only transaction"), "database-read-only"),
        (OperationalError("canceling statement due to lock timeout"), "database-busy"),
        (OperationalError("unable to open database file"), "database-away"),
        (OperationalError("disk I/O error"), "database-away"),
        (InterfaceError("connection already closed"), "database-away"),
        (DatabaseError("database disk image is malformed"), "database-damaged"),
        (OSError(errno.EROFS, "Read-only file system"), "database-read-only"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk-full"),
    ],
)
def test_without_a_code_its_words_are_enough(error: Exception, code: str) -> None:
    problem = problem_of(error)
    assert problem is not None
    assert (problem.status, problem.code) == (503, code)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("no such table: people"),
        ProgrammingError("syntax error"),
        IntegrityError("UNIQUE constraint failed: people.email"),
        OSError(errno.EACCES, "Permission denied"),
        None,
    ],
)
def test_a_defect_stays_a_defect(error: BaseException | None) -> None:
    assert problem_of(error) is None


@pytest.fixture
def readable_only(db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only=ON")
    yield
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only=OFF")


@pytest.mark.sqlite
@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/journal/", "/sign-in/"])
def test_a_page_says_that_the_database_can_only_be_read(
    client: Client, signed_in: SignIn, request: pytest.FixtureRequest, path: str
) -> None:
    """Looking is recorded, so it is refused, too; and so is signing in."""
    somebody = signed_in(client, roles=("auditor",))
    if path == "/sign-in/":
        client.cookies.clear()
    request.getfixturevalue("readable_only")
    if path == "/sign-in/":
        response = client.post(path, {"login": somebody.email, "password": "not the password"})
    else:
        response = client.get(path)
    assert response.status_code == 503
    assert "can only be read at the moment" in response.content.decode()
    assert response["Retry-After"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/journal/", "/sign-in/", "/no/such/page/"])
def test_every_page_says_that_the_database_is_away(client: Client, signed_in: SignIn, path: str) -> None:
    signed_in(client, roles=("auditor",))
    client.raise_request_exception = False

    def away(*_: Any) -> NoReturn:
        raise OperationalError("connection to server at “10.0.0.9” failed")

    with connection.execute_wrapper(away):
        response = client.get(path)
    assert response.status_code in ({503, 404} if path == "/no/such/page/" else {503})
    assert "10.0.0.9" not in response.content.decode()
    if response.status_code == 503:
        assert "does not answer" in response.content.decode()
