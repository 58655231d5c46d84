"""Assets are served by name from memory, kept for good by digest, and nothing else can be asked for."""

import pytest
from django.test import Client

from allotment.web import assets
from allotment.web.stylesheet import stylesheet


def test_the_stylesheet_is_served_under_its_digest() -> None:
    found = assets.asset(f"{stylesheet().digest}.css")
    assert found is not None
    assert found.content_type.startswith("text/css")
    assert assets.stylesheet_url() == f"/assets/{stylesheet().digest}.css"


@pytest.mark.parametrize("name", ["htmx.min.js", "brand/leaf.svg", *assets.element_names()])
def test_every_shipped_file_is_served(name: str) -> None:
    found = assets.asset(f"static/{name}")
    assert found is not None
    assert found.body
    assert assets.asset_url(name) == f"/assets/static/{name}?v={found.etag}"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "static/",
        "static/../apps.py",
        "static/../../people/models.py",
        "static/elements/../../apps.py",
        "static//etc/passwd",
        "/etc/passwd",
        "static/%2e%2e/apps.py",
        "static/elements/none.js",
        "elements/copy-button.js",
        "0000000000000000.css",
        "static/elements\\copy-button.js",
        "static/htmx.min.js\0",
    ],
)
def test_anything_else_is_refused(path: str) -> None:
    assert assets.asset(path) is None


def test_an_unknown_name_in_a_template_is_an_error() -> None:
    with pytest.raises(KeyError):
        assets.asset_url("elements/none.js")


@pytest.mark.django_db
def test_a_browser_keeps_what_carries_its_digest_and_asks_again_otherwise(client: Client) -> None:
    lasting = client.get(assets.asset_url("htmx.min.js"))
    assert lasting.status_code == 200
    assert "immutable" in lasting["Cache-Control"]
    assert client.get("/assets/static/htmx.min.js")["Cache-Control"] == "no-cache"
    unchanged = client.get("/assets/static/htmx.min.js", headers={"If-None-Match": lasting["ETag"]})
    assert unchanged.status_code == 304
    assert client.get("/assets/static/..%2fapps.py").status_code == 404
