"""A real server in a process of its own, with how much memory it and its children hold."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_PATIENCE_SECONDS = 60
_LOOK_AGAIN_SECONDS = 0.01


def environment(home: Path, *, port: int = 8000, scripted: bool = True) -> dict[str, str]:
    """Return the whole environment of a process of the installation in `home`."""
    return {
        "ALLOTMENT_HOME": str(home),
        "ALLOTMENT_PORT": str(port),
        "ALLOTMENT_SCRIPTED_MODEL": "1" if scripted else "",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }


@dataclass
class Server:
    """A started server."""

    port: int
    process: subprocess.Popen[bytes]
    seconds_to_start: float
    """From the start of the process to the first answer of /health."""

    def resident_megabytes(self) -> float:
        """Return the resident memory of the process and all its children (10^6 bytes)."""
        return resident_megabytes(self.process.pid)


@contextmanager
def serving(home: Path, *, scripted: bool = True, core: int | None = None) -> Iterator[Server]:
    """Start `allotment up`, with all its threads and children on `core` if one is given; stop it at the end."""
    port = free_port()
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "allotment", "up"],
        env=environment(home, port=port, scripted=scripted),
        stdout=subprocess.DEVNULL,
    )
    if core is not None:
        os.sched_setaffinity(process.pid, {core})  # before it has threads, so all inherit it
    try:
        wait_for_health(port, process)
        yield Server(port, process, time.perf_counter() - started)
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        process.kill()
        process.wait()


def wait_for_health(port: int, process: subprocess.Popen[bytes], path: str = "/health") -> None:
    """Wait until the server of `process` answers `path`."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as asking:
            asking.request("GET", path)
            if asking.getresponse().status == 200:
                return
        time.sleep(_LOOK_AGAIN_SECONDS)
    raise SystemExit("The server did not start.")


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def resident_megabytes(pid: int) -> float:
    """Return the resident memory of a process and all its children (10^6 bytes)."""
    return sum(resident_bytes(one) for one in _family(pid)) / 1e6


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _family(int(child))


def resident_bytes(pid: int) -> int:
    """Return the resident memory of one process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
