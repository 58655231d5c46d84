"""The builder's pages, by plain forms as a browser without JavaScript sends them."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from allotment.microapps import handing_over, publishing, queries, saving
from allotment.microapps.models import MicroApp
from allotment.microapps.releasing import WantedReach
from allotment.microapps.states import Audience
from allotment.microapps.values import AppDetail
from tests.conftest import SignIn, Somebody
from tests.microapps.browsing import form_to
from tests.microapps.conftest import MakeApp

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(make_app: MakeApp) -> AppDetail:
    return make_app()


@pytest.fixture
def mira_in(client: Client, signed_in: SignIn, mira: Somebody) -> Client:
    signed_in(client, mira)
    return client


def address(app: AppDetail, name: str = "build", *arguments: str) -> str:
    return reverse(f"microapps:{name}", args=[app.slug, *arguments])


def plain_of(app: AppDetail) -> dict[str, Any]:
    return MicroApp.objects.get(id=app.id).working_spec


def typed_in(client: Client, url: str) -> dict[str, str]:
    """Return what the open editor's form holds."""
    return form_to(client.get(url).content.decode(), url).values


def edit(client: Client, url: str, do: str = "save", **changes: Any) -> Any:
    said = typed_in(client, url) | {key.replace("__", "-"): value for key, value in changes.items()}
    return client.post(url, {**said, "do": do})


def test_the_builder_tells_the_app_in_sentences(mira_in: Client, app: AppDetail) -> None:
    page = mira_in.get(address(app)).content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())

    assert "Ask the person for What did the customer write? and Our line of business" in words
    assert "Sort What did the customer write? into one of card · transfer · other" in words
    assert "Draft 1 · saved just now · only you can run it" in words
    assert 'value="Where is my card?"' in page or "Where is my card?</textarea>" in page


@pytest.mark.parametrize("part", ["form", "sample", "result", "about"])
def test_opening_and_saving_a_part_unchanged_changes_nothing(mira_in: Client, app: AppDetail, part: str) -> None:
    before = plain_of(app)

    response = edit(mira_in, address(app, "build_part", part))

    assert response.status_code == 302
    assert response["Location"] == address(app)
    assert queries.version_spec(app.id, 1) == saving.from_plain(plain_of(app))
    assert {key: plain_of(app)[key] for key in before} == before or part == "about"


@pytest.mark.parametrize("step", ["topic", "reply"])
def test_opening_and_saving_a_step_unchanged_changes_nothing(mira_in: Client, app: AppDetail, step: str) -> None:
    edit(mira_in, address(app, "build_step", step))

    assert queries.version_spec(app.id, 1) == saving.from_plain(plain_of(app))
