"""A real server for tests: `allotment up` in a process of its own, with its own home, killable at any moment."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PASSWORD = "a long enough password"
_PATIENCE_SECONDS = 120
_PORTS = range(15_000, 32_000)
"""Below those that Linux gives to whoever asks for any port: what is free now is free still when the server starts."""


def free_port() -> int:
    """Return a port nobody listens on."""
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass
class Server:
    """One installation and the process that serves it."""

    home: Path
    port: int = field(default_factory=free_port)
    extra: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What its processes see."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ALLOTMENT_")}
        own = {"ALLOTMENT_HOME": str(self.home), "ALLOTMENT_PORT": str(self.port)}
        return {**kept, **own, "ALLOTMENT_SCRIPTED_MODEL": "1", **self.extra}

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `allotment …` on this installation."""
        return subprocess.run(
            [sys.executable, "-m", "allotment", *arguments],
            env=self.environment,
            check=check,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def plant(self, module: str = "tests.planting", **choices: object) -> dict[str, Any]:
        """Make people of every role and a published app, or what another module plants; returns what it made."""
        done = subprocess.run(
            [sys.executable, "-m", module, json.dumps(choices)],
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def start(self) -> None:
        """Start the process and wait until it answers."""
        with (self.home / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "allotment", "up"],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, urllib.error.URLError):
                if urllib.request.urlopen(f"{self.url}/health", timeout=1).status == 200:  # noqa: S310
                    return
            time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.log()}")

    def log(self) -> str:
        """Return what it printed."""
        return (self.home / "server.log").read_text(encoding="utf-8")

    def kill(self) -> None:
        """End it the way a power cut does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=60)

    def stop(self) -> None:
        """End it politely."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.kill()


@contextlib.contextmanager
def serving(home: Path, **extra: str) -> Iterator[Server]:
    """Plant an installation, serve it, and stop it at the end."""
    server = Server(home, extra=extra)
    server.plant()
    server.start()
    try:
        yield server
    finally:
        server.stop()
