"""`allotment up`: prepare the installation and start the server."""

import socket
import sys

import click
import uvicorn

from allotment.composition.preparing import prepare
from allotment.kernel.errors import Misconfigured
from allotment.kernel.settings import settings
from allotment.people.setting_up import first_link

_GRACE_SECONDS = 5
_SWITCH_SECONDS = 0.001
"""How long one thread keeps the interpreter while others want it. Python's 5 ms, paid at each hand-over between the
event loop, a page and a run, would be most of the time until a run's first event."""


@click.command()
def up() -> None:
    """Start the server.

    ALLOTMENT_HOST and ALLOTMENT_PORT change where it listens (default 127.0.0.1:8000).
    """
    installation = settings()
    _require_free(installation.host, installation.port)
    prepare()
    link = first_link()
    click.secho(f"Allotment is at {installation.public_url}", bold=True)
    if link is not None:
        click.echo(f"Nobody has an account yet. Open this link once to make the first:\n\n  {link}\n")
    if not installation.practice_model_file.exists():
        click.echo("The practice model is not installed; `make model` fetches it. Everything else works.")
    sys.setswitchinterval(_SWITCH_SECONDS)
    uvicorn.run(
        "allotment.asgi:application",
        host=installation.host,
        port=installation.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        lifespan="on",
    )


def _require_free(host: str, port: int) -> None:
    """Say in words what would stop the server from listening, before anything else is printed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise Misconfigured(
            f"Allotment cannot listen on {host}, port {port}: {error.strerror or error}.",
            hint="Stop what listens there, or choose another with ALLOTMENT_HOST and ALLOTMENT_PORT.",
        ) from error
