"""The gatekeeper: no view without an authority, nobody past a no, strangers to the sign-in page and back."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from allotment.engine.actions import Action
from allotment.policies.authority import GovernedRequest, authority
from tests.conftest import SignIn


def unnamed(request: HttpRequest) -> HttpResponse:
    raise AssertionError("A view without an authority must not run.")


@authority(Action.MAKE_APP)
def making(request: GovernedRequest) -> HttpResponse:
    return HttpResponse(request.actor.name)


urlpatterns = [
    path("unnamed/", unnamed),
    path("making/", making),
    path("", include("allotment.site.urls")),
]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def test_a_view_runs_for_those_who_may_and_knows_its_actor(client: Client, signed_in: SignIn) -> None:
    somebody = signed_in(client, roles=("maker",))
    assert client.get("/making/").content.decode() == somebody.name


def test_a_view_does_not_run_for_those_who_may_not(client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=("colleague",))
    response = client.get("/making/")
    assert response.status_code == 403
    assert "Your roles do not let you make apps." in response.content.decode()
    assert "Ask an administrator for one of these roles: Maker." in response.content.decode()


def test_a_view_that_names_no_authority_never_runs(client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=("administrator",))
    response = client.get("/unnamed/")
    assert response.status_code == 500
    assert "names no authority" in response.content.decode()


def test_somebody_not_signed_in_is_sent_to_sign_in_and_back(client: Client) -> None:
    response = client.get("/making/?a=1")
    assert (response.status_code, response["Location"]) == (302, "/sign-in/?next=/making/%3Fa%3D1")


def test_a_fragment_sends_the_whole_page_to_sign_in(client: Client) -> None:
    response = client.post(
        "/making/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/apps/7/?b=2"}
    )
    assert response["HX-Redirect"] == "/sign-in/?next=/apps/7/"


def test_a_role_that_is_taken_away_closes_the_next_page(client: Client, signed_in: SignIn) -> None:
    somebody = signed_in(client, roles=("maker",))
    somebody.row.role_grants.all().delete()
    assert client.get("/making/").status_code == 403


def test_a_deactivated_person_is_signed_out_at_once(client: Client, signed_in: SignIn) -> None:
    row = signed_in(client, roles=("maker",)).row
    row.is_active = False
    row.save()
    assert client.get("/making/").status_code == 302
