"""`allotment up`: prepare the installation and start the server."""

import click
import uvicorn

from allotment.composition.preparing import prepare
from allotment.kernel.settings import settings
from allotment.people.setting_up import first_link

_GRACE_SECONDS = 5


@click.command()
def up() -> None:
    """Start the server.

    ALLOTMENT_HOST and ALLOTMENT_PORT change where it listens (default 127.0.0.1:8000).
    """
    prepare()
    installation = settings()
    link = first_link()
    click.secho(f"Allotment is at {installation.public_url}", bold=True)
    if link is not None:
        click.echo(f"Nobody has an account yet. Open this link once to make the first:\n\n  {link}\n")
    if not installation.practice_model_file.exists():
        click.echo("The practice model is not installed; `make model` fetches it. Everything else works.")
    uvicorn.run(
        "allotment.asgi:application",
        host=installation.host,
        port=installation.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        lifespan="on",
    )
