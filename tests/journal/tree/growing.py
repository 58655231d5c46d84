"""A journal for tests: real rows, a real key, the two files outside the database, and exports of it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import msgspec
from django.db import connection

from allotment.engine.recording import Entry
from allotment.journal import proving
from allotment.journal.bodies import body_of
from allotment.journal.exporting import Format, lines
from allotment.journal.inserting import append_checkpoint, append_entries, append_leaves, append_nodes
from allotment.journal.models import JournalCheckpoint
from allotment.journal.tree.checkpoints import Checkpoint, sign_checkpoint
from allotment.journal.tree.hashing import CompactRange, leaf_hash
from allotment.journal.tree.keyrings import ROTATE
from allotment.journal.tree.notes import Signer
from allotment.journal.verifying import Outside, Verified, verify

ORIGIN = "allotment/journal/0011223344556677"
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SOMEBODY = UUID("01890000-0000-7000-8000-000000000001")


def entry(number: int, at: datetime, **changes: object) -> Entry:
    made = Entry(
        at=at,
        action="models.ask",
        outcome="done",
        actor=SOMEBODY,
        object_kind="model",
        object_id=f"small-{number}",
        app=UUID("01890000-0000-7000-8000-0000000000aa"),
        run=UUID(int=number),
        policies=("makers-may-ask", "small-models-only"),
        approver=UUID("01890000-0000-7000-8000-0000000000bb"),
        details={"tokens": 120 + number, "model": "small", "digest": "sha256:" + "0" * 20},
    )
    return msgspec.structs.replace(made, **changes)


@dataclass
class Journal:
    """Grows as the sequencer lets it grow: a minute for every entry, a checkpoint when asked."""

    home: Path
    signer: Signer = field(default_factory=lambda: Signer.generate(ORIGIN))
    edge: CompactRange = field(default_factory=CompactRange)
    numbers: Iterator[int] = field(default_factory=count)
    at: datetime = START
    handing_over: Signer | None = None

    def __post_init__(self) -> None:
        self.first_key = self.signer.verifier.text
        (self.home / "journal.vkeys").write_text(self.first_key + "\n")

    def add(self, how_many: int = 1, **changes: object) -> list[int]:
        bodies = []
        for number in (next(self.numbers) for _ in range(how_many)):
            self.at += timedelta(seconds=1)
            bodies.append(body_of(entry(number, **{"at": self.at, **changes}), "0123456789ab", {}))
        return self.append(bodies)

    def append(self, bodies: Sequence[str]) -> list[int]:
        tickets = list(append_entries(bodies))
        self.place(tickets, bodies)
        return tickets

    def place(self, tickets: Sequence[int], bodies: Sequence[str]) -> None:
        hashes = [leaf_hash(one.encode()) for one in bodies]
        first = self.edge.size
        append_nodes(self.edge.extend(hashes))
        append_leaves(first, tickets, hashes)

    def rotate(self) -> None:
        self.handing_over = Signer.generate(ORIGIN)
        self.add(action=ROTATE, details={"vkey": self.handing_over.verifier.text})

    def sign(self) -> str:
        self.at += timedelta(seconds=1)
        signers = [one for one in (self.signer, self.handing_over) if one is not None]
        note = sign_checkpoint(Checkpoint(ORIGIN, self.edge.size, self.edge.root()), signers, self.at)
        append_checkpoint(self.edge.size, note, self.at)
        (self.home / "journal.checkpoint").write_text(note)
        self.signer, self.handing_over = signers[-1], None
        return note

    def verified(self, **options: object) -> Verified:
        return verify(Outside.read(self.home), **options)


def grown(home: Path, batches: Sequence[int] = (3, 250, 20, 1, 330)) -> Journal:
    """Return a journal of several signed batches."""
    journal = Journal(home)
    for size in batches:
        journal.add(size)
        journal.sign()
    return journal


def tamper(*statements: tuple[object, ...]) -> None:
    """Change rows as one who rules the database, by (SQL, parameter, …); triggers are put out of the way first."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'journal_%'"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        else:
            for table in ("journal_entry", "journal_leaf", "journal_node", "journal_checkpoint"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for sql, *parameters in statements:
            cursor.execute(sql, parameters)


def export_all(folder: Path) -> Path:
    """Write everything the database holds as a full export."""
    folder.mkdir()
    notes = [row.note for row in JournalCheckpoint.objects.order_by("size")]
    (folder / "checkpoint.txt").write_text(notes[-1])
    (folder / "entries.jsonl").write_bytes(b"".join(lines(Format.JSON)))
    (folder / "checkpoints.jsonl").write_text("".join(json.dumps({"note": one}) + "\n" for one in notes[:-1]))
    _write_rotations(folder)
    return folder


def export_some(folder: Path, tickets: Sequence[int], since: Sequence[int] = ()) -> Path:
    """Write an evidence pack of these entries; `since` names sizes of earlier checkpoints."""
    (folder / "proofs").mkdir(parents=True)
    found = proving.prove_all(tickets)
    (folder / "checkpoint.txt").write_text(found[0].checkpoint)
    written = [json.dumps({"number": one.number, "body": one.body}) + "\n" for one in found]
    (folder / "entries.jsonl").write_text("".join(written))
    for one in found:
        (folder / "proofs" / f"{one.number}.tlog-proof").write_text(one.text)
    earlier = []
    for size in since:
        note = JournalCheckpoint.objects.get(size=size).note
        earlier.append(json.dumps({"note": note, "proof": proving.growth(size).lines}) + "\n")
    (folder / "checkpoints.jsonl").write_text("".join(earlier))
    _write_rotations(folder)
    return folder


def _write_rotations(folder: Path) -> None:
    rotations = [{"number": one.number, "body": one.body, "proof": one.proof} for one in proving.handovers()]
    (folder / "rotations.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rotations))
