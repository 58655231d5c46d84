"""A run of somebody erased: nothing that was typed or answered can be read, and every page says so plainly."""

import os
import time
from collections.abc import Callable
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.test import Client

from allotment.gateway.run_events import _read
from allotment.kernel.errors import Erased
from allotment.kernel.ids import new_id
from allotment.kernel.settings import settings
from allotment.keys.masters import masters
from allotment.people.erasing import erase
from allotment.runs.events import after, append
from allotment.runs.models import Run, RunEvent, RunStep
from allotment.runs.queries import past_runs, run_for
from allotment.runs.sealing import unseal
from allotment.runs.starting import start
from allotment.runs.telling import sealed_told, told_of
from tests.conftest import MakePerson, SignIn, Somebody

FORM = {"customer_query": "My name is Xanthippe and my card is lost", "industry": "banking"}


@pytest.fixture
def finished(app: UUID, colleague: Somebody) -> UUID:
    """A finished run of the colleague."""
    run = start(app, colleague.actor, FORM)
    _until(run, "done")
    return run


def _until(run: UUID, state: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and Run.objects.get(id=run).state != state:
        time.sleep(0.02)
    assert Run.objects.get(id=run).state == state


@pytest.fixture
def erased(finished: UUID, colleague: Somebody, person: MakePerson) -> UUID:
    """The same, after the colleague was erased."""
    assert "Xanthippe" in str(run_for(colleague.actor, finished))
    person(roles=["administrator"])
    erase(None, colleague.id, "request 2026-14")
    return finished


def test_what_was_typed_and_answered_is_gone(erased: UUID, person: MakePerson) -> None:
    found = run_for(person(roles=["auditor"]).actor, erased)
    assert (found.is_erased, found.form, found.parts, found.partial) == (True, {}, (), {})
    assert "Xanthippe" not in str(found)
    assert (found.state, found.person_name) == ("done", "Erased person")
    assert [step.step for step in found.steps]


def test_the_page_of_the_run_says_so(erased: UUID, signed_in: SignIn, client: Client) -> None:
    signed_in(client, roles=["auditor", "colleague"], spaces=["Service desk"])
    page = client.get(f"/runs/{erased}/")
    assert page.status_code == 200
    assert "Erased on request" in page.content.decode()
    assert "Receipt" in page.content.decode()


def test_the_event_stream_ends_with_words(erased: UUID) -> None:
    (event,), is_over = _read(erased, 0)
    assert (event.kind, is_over) == ("failed", True)
    assert "erased on request" in event.payload["message"]


def test_lists_still_count_the_run(erased: UUID, colleague: Somebody) -> None:
    ((summary,), _) = past_runs(colleague.actor)
    assert summary.id == erased


def test_every_sealed_value_is_unreadable(erased: UUID) -> None:
    row = Run.objects.get(id=erased)
    for column, sealed in (("form", row.form), ("result", row.result)):
        with pytest.raises(Erased):
            unseal(sealed, column=column, run=erased)
    with pytest.raises(Erased):
        after(erased, 0)


def test_a_run_under_way_still_ends(erased: UUID) -> None:
    """What it still has to say is stored as nothing, instead of failing."""
    append(erased, "failed", {"message": "about Xanthippe"})
    last = RunEvent.objects.filter(run=erased).order_by("-number").first()
    assert bytes(last.payload) == b""


def test_words_about_problems_go_too(
    app: UUID, colleague: Somebody, script: Callable[..., None], person: MakePerson
) -> None:
    script(failure="400")
    run = start(app, colleague.actor, FORM)
    _until(run, "failed")
    assert told_of(Run.objects.get(id=run)).message
    person(roles=["administrator"])
    erase(None, colleague.id, "request 2026-14")
    with pytest.raises(Erased):
        told_of(Run.objects.get(id=run))
    found = run_for(person(roles=["auditor"]).actor, run)
    assert (found.message, found.remedy, found.is_erased) == ("", "", True)


def test_a_run_that_fails_afterwards_tells_nothing(erased: UUID) -> None:
    row = Run.objects.get(id=erased)
    assert sealed_told(row, "“Xanthippe.pdf” is not a PDF.", "Ask Xanthippe.") == b""


def test_what_was_sealed_before_people_had_keys_is_emptied(
    finished: UUID, colleague: Somebody, person: MakePerson
) -> None:
    other = person(roles=["administrator"])
    theirs = Run.objects.get(id=finished)
    theirs.id, theirs.person_id, theirs._state.adding = new_id(), other.id, True
    theirs.form = _sealed_before(b'{"customer_query": "kept"}', f"runs.form:{theirs.id}")
    theirs.save()
    Run.objects.filter(id=finished).update(form=_sealed_before(b"{}", f"runs.form:{finished}"))
    step = RunStep.objects.filter(run=finished).first()
    RunStep.objects.filter(id=step.id).update(
        outcome=_sealed_before(b"{}", f"runs.outcome.{step.step}:{finished}")
    )
    assert unseal(Run.objects.get(id=finished).form, column="form", run=finished) == {}
    erase(None, colleague.id, "request 2026-14")
    with pytest.raises(Erased):
        unseal(Run.objects.get(id=finished).form, column="form", run=finished)
    assert bytes(RunStep.objects.get(id=step.id).outcome) == b""
    assert unseal(Run.objects.get(id=theirs.id).form, column="form", run=theirs.id) == {
        "customer_query": "kept"
    }


def _sealed_before(value: bytes, context: str) -> bytes:
    """Return the form that earlier installations stored: sealed under the master key itself."""
    (master,) = masters().local
    nonce, key = os.urandom(12), settings().master_key_file.read_bytes()
    return b"\x01" + master.short_id + nonce + AESGCM(key).encrypt(nonce, value, context.encode())
