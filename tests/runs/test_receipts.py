"""Receipts of runs: made at every end, checked offline by the program that is handed out, held by nobody else."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from allotment.journal import proving, sequencing, verify_journal
from allotment.journal.bodies import read_body
from allotment.journal.receipts import trusted_key
from allotment.kernel.canonical import digest
from allotment.kernel.errors import NotFound
from allotment.microapps.exchanging import push
from allotment.microapps.models import MicroApp
from allotment.microapps.published import approver_of
from allotment.people.erasing import erase
from allotment.runs import ending, starting
from allotment.runs.cancelling import cancel
from allotment.runs.doing import asking
from allotment.runs.models import Run, RunReceipt, RunStep
from allotment.runs.receipts import FORMAT, receipt_file, receipt_for
from allotment.runs.values import RunDetail
from tests.conftest import MakePerson, SignIn, Somebody
from tests.runs.conftest import SPEC, Verify
from tests.runs.test_running import FORM, finished


@pytest.fixture
def run(app: UUID, colleague: Somebody) -> UUID:
    """A finished run of the colleague."""
    return finished(colleague.actor, starting.start(app, colleague.actor, FORM)).id


def file_of(who: Somebody, run: UUID) -> dict[str, Any]:
    sequencing.sequence_now()
    file: dict[str, Any] = json.loads(receipt_file(receipt_for(who.actor, run)))
    return file


def test_a_receipt_with_its_result_is_proved_offline(run: UUID, colleague: Somebody, verify: Verify) -> None:
    file = file_of(colleague, run)
    assert "a.okafor@example.com" in json.dumps(file["result"])
    status, words = verify(file)
    assert (status, words[:50]) == (0, "PROVED: the receipt with its result, recorded as e")


def test_it_says_what_ran_and_who_approved_it(run: UUID, colleague: Somebody) -> None:
    sequencing.sequence_now()
    issued, row = receipt_for(colleague.actor, run), Run.objects.get(id=run)
    receipt = issued.receipt
    assert (receipt.format, receipt.state, receipt.person) == (FORMAT, "done", colleague.id)
    assert (receipt.app.title, receipt.app.version, receipt.app.digest) == (
        "Reply to a customer",
        1,
        row.digest,
    )
    assert [line.template for line in receipt.steps] == ["sort-into-topics@1", "customer-reply@1"]
    assert all(line.masked == {"email": 1} and line.entry and line.model for line in receipt.steps)
    body = read_body(proving.prove(issued.entry).body)
    assert body.details["receipt"] == digest(json.loads(issued.text))
    assert body.approver == receipt.approver


def test_the_approver_stands_in_the_receipt_and_in_every_entry_of_a_call(
    run: UUID, colleague: Somebody
) -> None:
    sequencing.sequence_now()
    receipt = receipt_for(colleague.actor, run).receipt
    expected = approver_of(receipt.app.id, 1)
    assert receipt.approver == expected is not None
    for line in receipt.steps:
        assert line.entry is not None
        assert read_body(proving.prove(line.entry).body).approver == expected


@pytest.mark.parametrize("how", ["stop", "refuse", "fail", "interrupt", "cancel"])
def test_every_other_end_has_a_receipt_too(
    how: str, app: UUID, colleague: Somebody, script: Callable[..., None], verify: Verify
) -> None:
    script(delay_milliseconds="3000")
    run = starting.start(app, colleague.actor, FORM)
    row = Run.objects.get(id=run)
    ends: dict[str, Callable[[], object]] = {
        "stop": lambda: ending.stop(row, "Ask somebody else."),
        "refuse": lambda: ending.refuse(row, "No.", "Ask."),
        "fail": lambda: ending.fail(row, "It broke.", "Again."),
        "interrupt": lambda: ending.interrupt(run),
        "cancel": lambda: cancel(run, colleague.actor),
    }
    ends[how]()
    file = file_of(colleague, run)
    assert verify(file)[0] == 0
    assert (file["receipt"]["state"], file["receipt"]["result"]) == (Run.objects.get(id=run).state, None)
    assert "result" not in file
    assert not any(words in json.dumps(file["receipt"]) for words in ("It broke", "somebody else"))
    assert RunReceipt.objects.filter(run=run).count() == 1


@pytest.fixture(params=["401", "garbage", "too late"])
def unhappy(
    request: pytest.FixtureRequest,
    app: UUID,
    colleague: Somebody,
    script: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> RunDetail:
    """A run whose first question failed, or was refused because it came too late."""
    if request.param == "too late":
        monkeypatch.setattr(asking, "_CAPABILITY", timedelta(0))
    else:
        script(failure=request.param)
    run = finished(colleague.actor, starting.start(app, colleague.actor, FORM))
    assert run.state == ("refused" if request.param == "too late" else "failed")
    return run


def test_a_run_that_was_refused_or_failed_names_the_step_and_what_refused(
    unhappy: RunDetail, colleague: Somebody, verify: Verify, client: Client, signed_in: SignIn
) -> None:
    run, is_refused = unhappy, unhappy.state == "refused"
    file = file_of(colleague, run.id)
    assert verify(file)[0] == 0
    ended = file["receipt"]["ended"]
    assert ended["step"] == "topic"
    assert bool(ended["stage"]) is bool(ended["rule"]) is is_refused
    body = read_body(proving.prove(ended["entry"]).body)
    assert (body.action, body.outcome) == ("models.ask", run.state)
    signed_in(client, colleague)
    page = client.get(f"/runs/{run.id}/receipt/").content.decode()
    assert "in the step “topic”" in page
    assert ("held back by: who asks" in page) is is_refused


def test_receipts_of_before_there_was_an_end_in_them_are_still_read(
    run: UUID, colleague: Somebody, client: Client, signed_in: SignIn
) -> None:
    stored = RunReceipt.objects.get(run=run)
    without = json.loads(stored.text)
    assert without.pop("ended") is None
    RunReceipt.objects.filter(run=run).update(text=json.dumps(without))
    assert receipt_for(colleague.actor, run).receipt.ended is None
    signed_in(client, colleague)
    assert client.get(f"/runs/{run}/receipt/").status_code == 200


def test_a_trial_has_a_receipt_and_nobody_approved_it(
    installation: None, maker: Somebody, verify: Verify
) -> None:
    made = push(maker.actor, SPEC).app.id
    run = finished(maker.actor, starting.start(made, maker.actor, FORM, trial=True)).id
    file = file_of(maker, run)
    assert (file["receipt"]["app"]["version"], file["receipt"]["approver"]) == (None, None)
    assert verify(file)[0] == 0


def test_whatever_is_changed_is_caught(run: UUID, colleague: Somebody, verify: Verify) -> None:
    file = file_of(colleague, run)
    other = file["receipt"] | {"cost_nanodollars": 1}
    forged = file["entry"].replace(digest(file["receipt"]), digest(other))
    result = [{**file["result"][0], "value": "Another answer"}, *file["result"][1:]]
    planted: dict[str, dict[str, Any]] = {
        "the receipt was changed": {"receipt": other},
        "its proof does not fit": {"receipt": other, "entry": forged},
        "its proof does not fit its text": {"entry": file["entry"].replace('"done"', '"failed"')},
        "the result was changed": {"result": result},
        "the result": {"salt": "A" * 43 + "="},
    }
    for words, changes in planted.items():
        status, said = verify(file | changes)
        assert (status, words in said) == (1, True), (words, said)
    numbered = file["proof"].replace("\nindex ", "\nindex 1", 1)
    assert verify(file | {"proof": numbered})[0] == 1
    without_salt = {name: value for name, value in file.items() if name != "salt"}
    assert verify(without_salt)[0] == 2


def test_an_entry_alone_is_proved_but_vouches_for_no_result(
    run: UUID, colleague: Somebody, verify: Verify
) -> None:
    file = file_of(colleague, run)
    alone = {name: file[name] for name in ("entry", "proof", "keys", "rotations")}
    assert verify(alone)[1].startswith("PROVED: the entry “apps.run”, recorded as entry")
    assert verify(alone | {"result": [], "salt": ""})[0] == 2


def test_after_erasure_it_verifies_without_the_result(
    run: UUID, colleague: Somebody, person: MakePerson, verify: Verify
) -> None:
    before = file_of(colleague, run)
    person(roles=["administrator"])
    erase(None, colleague.id, "request 2026-14")
    auditor = person(roles=["auditor"])
    after = file_of(auditor, run)
    assert (after["receipt"], "result" in after, "salt" in after) == (before["receipt"], False, False)
    assert verify(after)[0] == 0
    assert "okafor" not in json.dumps(after)


def test_a_run_that_ends_after_erasure_has_a_receipt_too(
    app: UUID, colleague: Somebody, person: MakePerson, script: Callable[..., None], verify: Verify
) -> None:
    script(delay_milliseconds="3000")
    run = starting.start(app, colleague.actor, FORM)
    person(roles=["administrator"])
    erase(None, colleague.id, "request 2026-14")
    ending.finish(Run.objects.get(id=run), ())
    file = file_of(person(roles=["auditor"]), run)
    assert ("result" in file, verify(file)[0]) == (False, 0)


def test_who_oversees_sees_the_receipt_without_the_result(
    run: UUID, maker: Somebody, person: MakePerson, verify: Verify
) -> None:
    for who in (maker, person(roles=["officer"])):
        file = file_of(who, run)
        assert ("result" in file, "salt" in file) == (False, False)
        assert verify(file)[0] == 0
    assert "result" in file_of(person(roles=["auditor"]), run)


def test_somebody_else_gets_none(run: UUID, person: MakePerson) -> None:
    with pytest.raises(NotFound):
        receipt_for(person(roles=["maker"], spaces=["Service desk"]).actor, run)


def test_a_run_under_way_has_none_yet(app: UUID, colleague: Somebody, script: Callable[..., None]) -> None:
    script(delay_milliseconds="2000")
    run = starting.start(app, colleague.actor, FORM)
    with pytest.raises(NotFound, match="no receipt"):
        receipt_for(colleague.actor, run)
    cancel(run, colleague.actor)


def test_the_page_shows_it_and_hands_it_out(
    run: UUID, colleague: Somebody, client: Client, signed_in: SignIn, verify: Verify
) -> None:
    signed_in(client, colleague)
    assert f"/runs/{run}/receipt/" in client.get(f"/runs/{run}/").content.decode()
    sequencing.sequence_now()
    page = client.get(f"/runs/{run}/receipt/").content.decode()
    for words in (
        "Reply to a customer, version 1",
        "Customer reply",
        "email masked: 1",
        "in the file",
        trusted_key(),
    ):
        assert words.replace("+", "&#x2B;") in page or words in page
    answer = client.get(f"/runs/{run}/receipt/file/")
    assert answer["Content-Disposition"].startswith('attachment; filename="receipt-')
    assert verify(answer.json())[0] == 0
    program = client.get("/runs/verify_journal.py").content
    assert program == Path(str(verify_journal.__file__)).read_bytes()


def test_warnings_about_budgets_stand_in_it(
    app: UUID, colleague: Somebody, client: Client, signed_in: SignIn, script: Callable[..., None]
) -> None:
    script(delay_milliseconds="3000")
    run = starting.start(app, colleague.actor, FORM)
    warnings = ["The budget of the space is nearly used up."]
    RunStep.objects.create(run_id=run, step="topic", model="Scripted", warnings=warnings, outcome=b"")
    ending.stop(Run.objects.get(id=run), "Enough.")
    assert receipt_for(colleague.actor, run).receipt.steps[0].warnings == warnings
    signed_in(client, colleague)
    assert warnings[0] in client.get(f"/runs/{run}/receipt/").content.decode()


def test_the_page_says_when_it_is_not_signed_yet(
    run: UUID, colleague: Somebody, client: Client, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(client, colleague)
    monkeypatch.setattr(
        proving, "_newest", lambda: (_ for _ in ()).throw(proving._not_yet("Not signed yet."))
    )
    page = client.get(f"/runs/{run}/receipt/").content.decode()
    assert "Not signed yet." in page
    assert "Look again" in page
    assert "receipt/file/" not in page
    assert client.get(f"/runs/{run}/receipt/file/").status_code == 503


def test_pages_are_not_there_for_somebody_else(run: UUID, client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=["colleague"], spaces=["Service desk"])
    for address in (f"/runs/{run}/receipt/", f"/runs/{run}/receipt/file/"):
        assert client.get(address).status_code == 404


def test_it_keeps_the_title_the_app_had(
    run: UUID, app: UUID, colleague: Somebody, client: Client, signed_in: SignIn, verify: Verify
) -> None:
    MicroApp.objects.filter(id=app).update(title="Something else")
    signed_in(client, colleague)
    assert "Reply to a customer, version 1" in client.get(f"/runs/{run}/receipt/").content.decode()
    assert verify(file_of(colleague, run))[0] == 0
