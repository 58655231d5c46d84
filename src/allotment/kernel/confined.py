"""Running one function in a child process that may use little and lose nothing: for files that may be hostile.

A file that a person brings is parsed by code that others wrote (workbooks, PDF). In a child process with limits it
can cost no more than the child: its memory, its seconds, the one file it may write.
Invariant: the function is one of ours (`allotment.…:name`), the child has no environment of ours, dies at its limits,
and what it raises comes back as the same error in words. It is no sandbox against code that escapes its parser: it
runs as the same user; that is what the limits of the container are for.
"""

import errno
import os
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name

import msgspec

from allotment.kernel import errors
from allotment.kernel.errors import AllotmentError, Invalid, TooLarge

_OURS = "allotment."
_MIB = 1024 * 1024
_ANSWER, _ERROR = b"\0", b"\1"
_OPEN_FILES = 64


@dataclass(frozen=True)
class Confines:
    """What a child may use."""

    memory_mib: int = 512
    seconds: int = 20
    """Of a clock on the wall; of the processor as well."""
    written_mib: int = 0
    """Of the file it may write; 0 for none."""


class _Order(msgspec.Struct, frozen=True):
    """What the child is to do."""

    task: str
    confines: Confines
    arguments: tuple[str, ...]


class _Told(msgspec.Struct, frozen=True):
    """An error on its way back."""

    kind: str
    message: str
    hint: str
    code: str


def run_confined(task: str, payload: bytes, confines: Confines) -> bytes:
    """Return what `task` (`allotment.package.module:function`, bytes to bytes) makes of the payload.

    Raises what the function raises of our errors; `TooLarge` at a limit of memory or time, `Invalid` when the child
    ends in any other way.
    """
    return _run(_Order(task, confines, ()), payload)


def run_confined_on_file(task: str, path: Path, out: Path, confines: Confines) -> bytes:
    """Return what `task` (two paths to bytes) makes of the file at `path`; it may write the file at `out`."""
    return _run(_Order(task, confines, (str(path.resolve()), str(out.resolve()))), b"")


def _run(order: _Order, payload: bytes) -> bytes:
    if not order.task.startswith(_OURS):
        raise ValueError(f"{order.task} is not ours")
    command = [sys.executable, "-I", "-X", "utf8", "-m", __name__, msgspec.json.encode(order).decode()]
    try:
        done = subprocess.run(
            command,
            input=payload,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=order.confines.seconds,
            check=False,
            env={},
            start_new_session=True,
            cwd="/",
        )
    except subprocess.TimeoutExpired as late:
        raise _too_long(order.confines) from late
    if done.returncode == 0 and done.stdout.startswith(_ANSWER):
        return done.stdout[1:]
    if done.returncode == 0 and done.stdout.startswith(_ERROR):
        raise _error(msgspec.json.decode(done.stdout[1:], type=_Told))
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise _too_long(order.confines)
    if done.returncode == -signal.SIGXFSZ:
        raise _too_much()
    raise Invalid(
        "This file breaks the program that reads it.",
        hint="Open it, save it again under a new name and try that.",
    )


def _error(told: _Told) -> AllotmentError:
    """Return the error that the child raised, as one of ours."""
    kind = getattr(errors, told.kind, Invalid)
    is_ours = isinstance(kind, type) and issubclass(kind, AllotmentError)
    made: AllotmentError = (kind if is_ours else Invalid)(told.message, hint=told.hint)
    made.code = told.code
    return made


def _too_long(confines: Confines) -> TooLarge:
    return TooLarge(
        f"Reading this file takes longer than {confines.seconds} seconds.",
        hint="Leave out sheets, rows or pages you do not need, or save it in a simpler format.",
    )


def _too_much() -> TooLarge:
    return TooLarge(
        "This file unpacks to more than can be read here.",
        hint="Leave out sheets, rows or pages you do not need, or split it.",
    )


def _limit(confines: Confines) -> None:
    """Give up what the child does not need, for good."""
    memory = confines.memory_mib * _MIB
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (confines.seconds, confines.seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    written = confines.written_mib * _MIB
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))


def _child(order: _Order) -> bytes:
    """Do what is asked and return the frame that goes back."""
    _limit(order.confines)
    task = resolve_name(order.task)
    try:
        if order.arguments:
            return _ANSWER + bytes(task(*map(Path, order.arguments)))
        return _ANSWER + bytes(task(sys.stdin.buffer.read()))
    except AllotmentError as error:
        return _frame(error)
    except MemoryError:
        return _frame(_too_much())
    except OSError as error:
        if error.errno == errno.EFBIG:
            return _frame(_too_much())
        raise


def _frame(error: AllotmentError) -> bytes:
    told = _Told(type(error).__name__, error.message, error.hint, error.code)
    return _ERROR + msgspec.json.encode(told)


def main() -> None:
    """Be the child. What the task prints goes nowhere: standard output carries the answer alone."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    answers.write(_child(msgspec.json.decode(sys.argv[1], type=_Order)))
    answers.close()


if __name__ == "__main__":
    main()
