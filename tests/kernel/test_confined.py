"""A child process that may use little: what it returns, what it raises, and what it dies of."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import allotment.kernel
from allotment.kernel.confined import Confines, run_confined, run_confined_on_file
from allotment.kernel.errors import Invalid, NotFound, TooLarge

TASKS = '''
"""Tasks for the tests of `confined`."""
import os, sys, time
from allotment.kernel.errors import NotFound

def shout(payload):
    print("noise")
    return payload.upper()

def refuse(_payload):
    raise NotFound("It is not there.", hint="Look elsewhere.")

def eat(_payload):
    return b"x" * (2 << 30)

def sleep(_payload):
    time.sleep(60)

def spin(_payload):
    while True:
        pass

def crash(_payload):
    os.abort()

def tell(_payload):
    return repr(sorted(os.environ)).encode()

def copy(path, out):
    out.write_bytes(path.read_bytes())
    return b"copied"
'''


@pytest.fixture(scope="module", autouse=True)
def tasks() -> Iterator[None]:
    """The child takes tasks of the package alone, so these lie in it while the tests run."""
    file = Path(allotment.kernel.__file__).with_name("_tasks_of_tests.py")
    file.write_text(TASKS)
    yield
    file.unlink()


def _task(name: str) -> str:
    return f"allotment.kernel._tasks_of_tests:{name}"


def test_a_task_answers_and_what_it_prints_goes_nowhere() -> None:
    assert run_confined(_task("shout"), b"hello", Confines()) == b"HELLO"


def test_an_error_of_ours_comes_back_with_its_words() -> None:
    with pytest.raises(NotFound, match="It is not there") as told:
        run_confined(_task("refuse"), b"", Confines())
    assert told.value.hint == "Look elsewhere."


def test_memory_is_bounded() -> None:
    with pytest.raises(TooLarge, match="unpacks to more"):
        run_confined(_task("eat"), b"", Confines(memory_mib=256))


@pytest.mark.parametrize("task", ["sleep", "spin"])
def test_time_is_bounded(task: str) -> None:
    with pytest.raises(TooLarge, match="longer than 1 second"):
        run_confined(_task(task), b"", Confines(seconds=1))


def test_a_crash_harms_nobody_else() -> None:
    with pytest.raises(Invalid, match="breaks the program"):
        run_confined(_task("crash"), b"", Confines())


def test_the_child_knows_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOTMENT_MASTER_KEY", "secret")
    assert b"ALLOTMENT" not in run_confined(_task("tell"), b"", Confines())


def test_a_file_is_written_up_to_its_limit(tmp_path: Path) -> None:
    source, out = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"x" * 3_000_000)
    assert run_confined_on_file(_task("copy"), source, out, Confines(written_mib=4)) == b"copied"
    assert out.read_bytes() == source.read_bytes()
    with pytest.raises(TooLarge, match="unpacks to more"):
        run_confined_on_file(_task("copy"), source, out, Confines(written_mib=1))


def test_only_our_own_functions_run() -> None:
    with pytest.raises(ValueError, match="not ours"):
        run_confined("os:system", b"", Confines())
