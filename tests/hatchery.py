"""A server that starts in a blink, to be killed often: `python -m tests.hatchery`.

It imports everything once and listens; each `start` on its standard input forks a child that serves on that socket,
each `kill` ends the child the way a power cut does. Says `ready` and then what it did, one word a line.
"""

import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn
from django.db import connections

from allotment.asgi import application
from allotment.kernel.settings import settings

_BACKLOG = 512


def main() -> None:
    """Do as told until the input ends."""
    listening = socket.create_server((settings().host, settings().port), backlog=_BACKLOG)
    connections.close_all()
    _say("ready")
    child = 0
    for line in sys.stdin:
        if line.strip() == "start":
            child = os.fork() or _serve(listening)
        elif child:
            os.kill(child, signal.SIGKILL if line.strip() == "kill" else signal.SIGTERM)
            os.waitpid(child, 0)
            child = 0
        _say(line.strip())


def _serve(listening: socket.socket) -> int:
    sys.stdin.close()
    log = Path(settings().home / "server.log").open("a", encoding="utf-8")  # noqa: SIM115 - until the process ends
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    uvicorn.Server(uvicorn.Config(application, log_level="warning", lifespan="on")).run(sockets=[listening])
    os._exit(0)


def _say(word: str) -> None:
    print(word, flush=True)


if __name__ == "__main__":
    main()
