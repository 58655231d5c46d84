"""Receipts: what a run was, fixed at its end and vouched for by the journal.

A receipt says which version of which app ran for whom, who approved it, what each step used and what the checks did;
of a run that was refused or failed also at which step, and which stage of the gate refused by which rule.
It commits to the result without holding it: SHA-256 over 32 random bytes of salt and the result in canonical JSON.
Invariant: the entry that ends a run holds the digest of its receipt, and both are written in the transaction that ends
it; a receipt never changes. Nothing in it is about a person but ids; the salt is sealed under the person's key, so
that erasing them leaves a receipt that verifies and a commitment that tells nothing. Receipts of earlier versions may
quote why a row has no answer: those are sealed as a whole, and go with the key.
"""

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.engine.recording import Outcome
from allotment.journal.bodies import instant
from allotment.journal.calls import last_question
from allotment.journal.receipts import evidence_of
from allotment.journal.recording import note
from allotment.kernel.canonical import canonical_bytes, digest
from allotment.kernel.errors import Erased, NotFound
from allotment.microapps.published import approver_of
from allotment.policies.deciding import decide
from allotment.runs.models import Run, RunEvent, RunReceipt, RunState, RunStep
from allotment.runs.queries import resource
from allotment.runs.sealing import seal_bytes, unseal, unseal_bytes

FORMAT: Final = "allotment receipt 1"
_SALT_BYTES = 32
_RECORDED: Mapping[RunState, Outcome] = {RunState.REFUSED: "refused", RunState.FAILED: "failed"}


class ReceiptApp(msgspec.Struct, frozen=True):
    """What ran, as it was then."""

    id: UUID
    title: str
    version: int | None
    """None for a trial of the working copy."""
    digest: str


class ReceiptLine(msgspec.Struct, frozen=True):
    """One finished step."""

    step: str
    template: str
    """`name@version`; empty for a step that asks no model."""
    model: str
    runs_here: bool
    tokens_in: int
    tokens_out: int
    cost_nanodollars: int
    milliseconds: int
    masked: dict[str, int]
    withheld: dict[str, int]
    warnings: list[str]
    entry: int | None
    """Ticket of the journal entry of the call."""

    @property
    def seconds(self) -> float:
        """How long the call took."""
        return self.milliseconds / 1000


class ReceiptEnd(msgspec.Struct, frozen=True):
    """Where a run was refused or failed."""

    step: str
    """The last one it began; empty when it began none, and for somebody erased."""
    stage: str = ""
    """The stage of the gate that refused; empty when none did."""
    rule: str = ""
    """By which rule or check it refused."""
    entry: int | None = None
    """Ticket of the journal entry of the question that was refused or failed; None when it was not a question."""


class Receipt(msgspec.Struct, frozen=True):
    """A receipt, field by field. In this order it is shown; its digest is over canonical JSON."""

    format: str
    run: UUID
    app: ReceiptApp
    state: str
    started_at: str
    ended_at: str
    person: UUID
    approver: UUID | None
    """Who approved the version; None when it needed nobody, and for a trial."""
    steps: list[ReceiptLine]
    cost_nanodollars: int
    result: str | None
    """Commitment to the result; None without one."""
    ended: ReceiptEnd | None = None
    """Of a run that was refused or failed, since receipts tell it."""
    row: int | None = None
    """Of a batch, whose receipt this is; `run` then is the batch's own id, or that of the run whose step it is."""


@dataclass(frozen=True)
class Issued:
    """A stored receipt, with the result for those who may see it."""

    receipt: Receipt
    text: str
    entry: int
    result: list[Any] | None = None
    """None without a result, and for those who may not see it or after it was erased."""
    salt: bytes = b""
    with_content: bool = False
    """Whether this person may see what was written."""


def conclude(row: Run) -> None:
    """Record that `row`, in its final state, is over, and store its receipt; in the caller's transaction."""
    salt = None if row.result is None else secrets.token_bytes(_SALT_BYTES)
    receipt = _receipt(row, salt)
    plain = msgspec.to_builtins(receipt)
    entry = note(
        Action.RUN_APP.value,
        actor=row.person_id,
        object_kind="run",
        object_id=str(row.id),
        space=row.space_id,
        app=row.app_id,
        run=row.id,
        outcome=_RECORDED.get(RunState(row.state), "done"),
        approver=receipt.approver,
        state=receipt.state,
        receipt=digest(plain),
    )
    RunReceipt.objects.create(
        run=row,
        text=canonical_bytes(plain).decode(),
        entry=entry,
        salt=None if salt is None else seal_bytes(salt, column="salt", run=row.id, person=row.person_id),
    )


def receipt_for(actor: Actor, run: UUID) -> Issued:
    """Return the receipt of a run to somebody who may see its outside; its result only to who may see that.

    Raises `NotFound`, also for a run that is not over yet or ended before there were receipts, and `Erased` for one
    that was sealed as a whole.
    """
    row = Run.objects.select_related("app").filter(id=run).first()
    if row is None or not _may_see(actor, row, content=False):
        raise NotFound(
            _("There is no such run, or it is not yours."),
            hint=_("Look for it under Past results of its app."),
        )
    stored = RunReceipt.objects.filter(run=row).first()
    if stored is None:
        raise NotFound(
            _("This run has no receipt."),
            hint=_("A receipt is made when a run ends. Runs of earlier versions of Allotment have none."),
        )
    text = stored.text or unseal_bytes(stored.sealed, column="receipt", run=row.id).decode()
    receipt = msgspec.json.decode(text, type=Receipt)
    with_content = _may_see(actor, row, content=True)
    result, salt = _opened(row, stored) if with_content else (None, b"")
    return Issued(receipt, text, stored.entry, result, salt, with_content)


def receipt_file(issued: Issued) -> bytes:
    """Return the receipt as a file that anyone can check offline with `verify_journal.py`.

    Raises `Unavailable` until the journal has signed it, which takes a second or two.
    """
    file: dict[str, Any] = {"receipt": msgspec.Raw(issued.text.encode())}
    file |= vars(evidence_of(issued.entry))
    if issued.result is not None:
        file |= {"result": issued.result, "salt": b64encode(issued.salt).decode()}
    return msgspec.json.format(msgspec.json.encode(file), indent=1)


def commitment(result: Sequence[Any], salt: bytes) -> str:
    """Return `sha256:<hex>` over the salt and the canonical bytes of a result."""
    return "sha256:" + hashlib.sha256(salt + canonical_bytes(list(result))).hexdigest()


def _receipt(row: Run, salt: bytes | None) -> Receipt:
    ended = row.finished_at or row.created_at
    return Receipt(
        format=FORMAT,
        run=row.id,
        app=ReceiptApp(row.app_id, row.spec["title"], row.version, row.digest),
        state=str(row.state),
        started_at=instant(row.created_at),
        ended_at=instant(ended),
        person=row.person_id,
        approver=None if row.version is None else approver_of(row.app_id, row.version),
        steps=[_line(step) for step in RunStep.objects.filter(run=row).order_by("id")],
        cost_nanodollars=row.cost_nanodollars,
        result=None if salt is None else _committed(row, salt),
        ended=_end(row) if row.state in _RECORDED else None,
    )


def _end(row: Run) -> ReceiptEnd:
    step = _last_step_begun(row)
    asked = last_question(row.id, step) if step else None
    if asked is None or asked.outcome == "done":
        return ReceiptEnd(step)
    return ReceiptEnd(step, asked.stage, asked.rule, asked.entry)


def _last_step_begun(row: Run) -> str:
    told = RunEvent.objects.filter(run=row, kind="progress").order_by("-number").first()
    try:
        return (
            str(unseal(told.payload, column="event", run=row.id).get("step", "")) if told is not None else ""
        )
    except Erased:
        return ""


def _committed(row: Run, salt: bytes) -> str:
    """Return the commitment to the stored result; of somebody erased meanwhile, to nothing that anyone can read."""
    try:
        return commitment(_result(row), salt)
    except Erased:
        return commitment([], salt)


def _line(step: RunStep) -> ReceiptLine:
    return ReceiptLine(
        step=step.step,
        template=step.template,
        model=step.model,
        runs_here=step.runs_here,
        tokens_in=step.tokens_in,
        tokens_out=step.tokens_out,
        cost_nanodollars=step.cost_nanodollars,
        milliseconds=step.milliseconds,
        masked=step.masked,
        withheld=step.withheld,
        warnings=step.warnings,
        entry=step.entry,
    )


def _result(row: Run) -> list[Any]:
    stored: list[Any] = unseal(row.result or b"", column="result", run=row.id)
    return stored


def _opened(row: Run, stored: RunReceipt) -> tuple[list[Any] | None, bytes]:
    """Return result and salt; nothing without a result, or once the person is erased."""
    if stored.salt is None:
        return None, b""
    try:
        return _result(row), unseal_bytes(stored.salt, column="salt", run=row.id)
    except Erased:
        return None, b""


def _may_see(actor: Actor, row: Run, *, content: bool) -> bool:
    return decide(actor, Action.SEE_RUN, resource(row), {"content": content}).allowed
