"""The pages of runs, through Django's test client."""

import time
from uuid import UUID

import pytest
from django.test import Client

from allotment.engine.spec.reading import write_yaml
from allotment.microapps.exchanging import push
from allotment.microapps.starters import starter
from allotment.runs.models import Run, RunStep
from tests.runs.conftest import SPEC

FORM = {"customer_query": "Where is my card?", "industry": "banking"}


def ended(client: Client, url: str) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        page = client.get(url).content.decode()
        if "Receipt" in page:
            return page
        time.sleep(0.02)
    raise AssertionError("the run did not end")


def test_form_runs_and_leads_to_the_result(app, colleague, client, signed_in) -> None:
    signed_in(client, colleague)
    shown = client.get("/apps/customer-reply/")
    assert "What did the customer write?" in shown.content.decode()
    started = client.post("/apps/customer-reply/", FORM)
    assert started.status_code == 302
    page = ended(client, started["Location"])
    assert "Answer to:" in page
    assert "Where is my card?" in page
    assert "Receipt" in client.get(started["Location"]).content.decode()
    assert started["Location"] in client.get("/apps/customer-reply/results/").content.decode()
    assert started["Location"] in client.get("/runs/").content.decode()


def test_example_fills_the_form(app, colleague, client, signed_in) -> None:
    signed_in(client, colleague)
    page = client.post("/apps/customer-reply/", {"sample": "1"}).content.decode()
    assert "I still have not received my new card" in page
    assert not Run.objects.exists()


def test_mistake_is_said_beside_its_field_and_nothing_typed_is_lost(
    app, colleague, client, signed_in
) -> None:
    signed_in(client, colleague)
    response = client.post("/apps/customer-reply/", {"customer_query": "y" * 5000, "industry": "banking"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "4,000" in page or "4000" in page
    assert "y" * 5000 in page


def test_part_of_a_page_gets_a_fragment(app, maker, client, signed_in) -> None:
    signed_in(client, maker)
    response = client.post("/apps/customer-reply/try/", FORM, headers={"HX-Request": "true"})
    page = response.content.decode()
    assert response.status_code == 200
    assert "<html" not in page
    run = Run.objects.get()
    assert f"/runs/{run.id}/outcome/" in page or "Receipt" in page


def test_fragment_says_what_to_mend(app, maker, client, signed_in) -> None:
    signed_in(client, maker)
    response = client.post("/apps/customer-reply/try/", {}, headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert "What did the customer write?" in response.content.decode()


def test_draft_leads_its_owner_to_trying_it(installation, maker, client, signed_in) -> None:
    push(maker.actor, SPEC)
    signed_in(client, maker)
    assert client.get("/apps/customer-reply/")["Location"] == "/apps/customer-reply/try/"


def test_what_is_nearly_used_up_is_said_once_beside_the_result(app, colleague, client, signed_in) -> None:
    signed_in(client, colleague)
    url = client.post("/apps/customer-reply/", FORM)["Location"]
    assert "80 %" not in ended(client, url)
    RunStep.objects.update(warnings=["80 % of your tokens for today are used."])
    assert client.get(url).content.decode().count("80 % of your tokens for today are used.") == 1


def test_somebody_elses_run_is_not_there(app, colleague, maker, client, signed_in) -> None:
    signed_in(client, colleague)
    url = client.post("/apps/customer-reply/", FORM)["Location"]
    ended(client, url)
    other = Client()
    signed_in(other, maker)
    for address in (url, f"{url}outcome/"):
        assert other.get(address).status_code == 404
    assert other.post(f"{url}cancel/").status_code == 404


def test_unknown_run_is_not_there(colleague, client, signed_in) -> None:
    signed_in(client, colleague)
    assert client.get(f"/runs/{UUID(int=5)}/").status_code == 404


def test_cancelling_needs_a_post(app, colleague, client, signed_in) -> None:
    signed_in(client, colleague)
    url = client.post("/apps/customer-reply/", FORM)["Location"]
    assert client.get(f"{url}cancel/").status_code == 405
    ended(client, url)


@pytest.mark.parametrize("start", ["-1", "x", "99999999999", "25"])
def test_odd_page_numbers_show_a_page(colleague, client, signed_in, start) -> None:
    signed_in(client, colleague)
    assert client.get(f"/runs/?start={start}").status_code == 200


def test_example_document_is_read_when_no_file_is_chosen(installation, maker, client, signed_in) -> None:
    push(maker.actor, write_yaml(starter("summarise-a-document").app))
    signed_in(client, maker)
    form = client.get("/apps/summarise-a-document/try/?sample=1").content.decode()
    assert "example-documents" in form
    started = client.post("/apps/summarise-a-document/try/", {"example-documents": "1"})
    assert started.status_code == 302
    assert "Answer to:" in ended(client, started["Location"])
