"""Every way of tampering, against all three: `verify`, the offline verifier on a full export, and on a pack of proofs.

A pack may be refused when it is made. What must never happen is that one of the three says that all is well.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connection

from allotment.journal import evidence, verify_journal
from allotment.journal.bodies import body_of, instant
from allotment.journal.inserting import append_entries
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf
from allotment.journal.problems import Kind
from allotment.journal.tree.hashing import leaf_hash
from allotment.journal.tree.notes import Signer
from allotment.journal.verifying import Elsewhere
from allotment.journal.witnessing import Seen
from allotment.kernel import clock
from allotment.kernel.errors import AllotmentError
from tests.journal.test_tampering import allow_the_same_id_twice, cut_at, make_columns_plain, swap, ticket_of
from tests.journal.tree.growing import Journal, entry, export_all, grown, tamper

pytestmark = pytest.mark.django_db

REFUSED = "refused"
"""The installation itself does not hand out the evidence."""
SOUND = "PROVED: "
"""Nothing that is proved was touched."""
NOTED = "entries have no checkpoint before or soon after; they may be back-dated"
"""The evidence cannot tell, and says so."""


def edit(_journal: Journal) -> int:
    return swap(300, '"outcome":"done"', '"outcome":"refused"')


def edit_with_hash(_journal: Journal) -> int:
    ticket = edit(_journal)
    body = JournalEntry.objects.get(ticket=ticket).body
    tamper(("UPDATE journal_leaf SET hash = %s WHERE number = 300", leaf_hash(body.encode())))
    return ticket


def delete(_journal: Journal) -> int:
    ticket = ticket_of(300)
    tamper(("DELETE FROM journal_entry WHERE ticket = %s", ticket))
    return ticket


def delete_with_place(_journal: Journal) -> int:
    ticket = delete(_journal)
    tamper(("DELETE FROM journal_leaf WHERE number = 300",))
    return ticket


def reorder(_journal: Journal) -> int:
    one, other = ticket_of(300), ticket_of(301)
    tamper(
        ("UPDATE journal_leaf SET entry = -1 WHERE number = 300",),
        ("UPDATE journal_leaf SET entry = %s WHERE number = 301", one),
        ("UPDATE journal_leaf SET entry = %s WHERE number = 300", other),
    )
    return one


def truncate(_journal: Journal) -> int:
    cut_at(253)
    tamper(("DELETE FROM journal_checkpoint WHERE size > 253",))
    return ticket_of(5)


def truncate_with_file(journal: Journal) -> int:
    ticket = truncate(journal)
    (journal.home / "journal.checkpoint").write_text(JournalCheckpoint.objects.get(size=253).note)
    return ticket


def backdate(journal: Journal) -> int:
    (ticket,) = journal.add(at=journal.at - timedelta(hours=1))
    journal.sign()
    return ticket


def backdate_and_remove_checkpoints(journal: Journal) -> int:
    """As it would look if the row had come days ago, had nobody recorded anything since."""
    start = journal.at
    for _ in range(3):
        journal.at += timedelta(days=1)
        journal.add(3)
        journal.sign()
    (ticket,) = journal.add(at=start + timedelta(minutes=1))
    journal.sign()
    place = JournalLeaf.objects.get(entry=ticket).number
    tamper(("DELETE FROM journal_checkpoint WHERE size > 604 AND size <= %s", place))
    return ticket


def backdate_by_a_time_zone(journal: Journal) -> int:
    body = body_of(entry(9999, journal.at), "", {})
    at = instant(journal.at)
    (ticket,) = journal.append([body.replace(at, f"{at[:21]}+14:00")])
    journal.sign()
    return ticket


def fork(journal: Journal) -> int:
    cut_at(0)
    tamper(("DELETE FROM journal_checkpoint",))
    other = Journal(journal.home, signer=journal.signer)
    for size in (3, 250, 20, 1, 330):
        other.add(size)
        other.sign()
    return ticket_of(300)


def swap_key(journal: Journal) -> int:
    journal.signer = Signer.generate(journal.signer.verifier.name)
    (ticket,) = journal.add()
    journal.sign()
    return ticket


def replay(journal: Journal) -> int:
    body = JournalEntry.objects.get(ticket=ticket_of(300)).body
    allow_the_same_id_twice()
    (ticket,) = journal.append([body])
    journal.sign()
    return ticket


def replay_in_capitals(journal: Journal) -> int:
    body = JournalEntry.objects.get(ticket=ticket_of(300)).body
    name = str(json.loads(body)["id"])
    if connection.vendor == "postgresql":  # which reads both as one id; SQLite does not
        allow_the_same_id_twice()
    (ticket,) = journal.append([body.replace(name, name.upper())])
    journal.sign()
    return ticket


def swap_tickets(journal: Journal) -> int:
    journal.at += timedelta(hours=1)
    (one,) = journal.add()
    journal.sign()
    other = ticket_of(300)
    for table, column in (("journal_entry", "ticket"), ("journal_leaf", "entry")):
        change = f"UPDATE {table} SET {column} = %s WHERE {column} = %s"  # noqa: S608 - names from above
        tamper((change, -1, one), (change, one, other), (change, other, -1))
    return one


def show_something_else(_journal: Journal) -> int:
    ticket = ticket_of(300)
    make_columns_plain()
    tamper(("UPDATE journal_entry SET outcome = 'refused' WHERE ticket = %s", ticket))
    return ticket


def name_twice(journal: Journal) -> int:
    body = JournalEntry.objects.get(ticket=ticket_of(300)).body
    changed = body.replace('"outcome":"done"', '"outcome":"refused","outcome":"done"')
    (ticket,) = journal.append([changed.replace('"id":"0', '"id":"f')])
    journal.sign()
    return ticket


def _hidden(at: timedelta) -> int:
    (ticket,) = append_entries([body_of(entry(9999, clock.now() + at), "", {})])
    return ticket


def hide_at_a_negative_place(_journal: Journal) -> int:
    ticket = _hidden(timedelta(0))
    tamper(("INSERT INTO journal_leaf (number, entry, hash) VALUES (-1, %s, %s)", ticket, bytes(32)))
    return ticket


def hide_at_a_place_beyond(_journal: Journal) -> int:
    ticket = _hidden(timedelta(0))
    tamper(("INSERT INTO journal_leaf (number, entry, hash) VALUES (10000, %s, %s)", ticket, bytes(32)))
    return ticket


def hide_in_the_future(_journal: Journal) -> int:
    return _hidden(timedelta(days=365))


@dataclass(frozen=True)
class Way:
    """One way of tampering, and what each of the three says."""

    do: Callable[[Journal], int]
    kind: Kind
    full: str
    pack: str

    def __str__(self) -> str:
        return self.do.__name__


CUT = "the journal was cut, or this is old"
WAYS = (
    Way(edit, Kind.CHANGED, "entry 274 or a later one was changed", "its proof does not fit its text"),
    Way(
        edit_with_hash,
        Kind.REWRITTEN,
        "entry 274 or a later one was changed",
        "does not continue its checkpoint over 274 entries",
    ),
    Way(delete, Kind.REMOVED, REFUSED, REFUSED),
    Way(delete_with_place, Kind.GAP, REFUSED, REFUSED),
    Way(reorder, Kind.CHANGED, "removed, added or moved", "its proof does not fit its text"),
    Way(truncate, Kind.CUT, CUT, REFUSED),
    Way(truncate_with_file, Kind.CUT, CUT, REFUSED),
    Way(backdate, Kind.BACKDATED, "entry 604 is back-dated", "entry 604 is back-dated"),
    Way(backdate_and_remove_checkpoints, Kind.BACKDATED, "entry 613 is back-dated", NOTED),
    Way(backdate_by_a_time_zone, Kind.FORM, "604 is not canonical", "604 is not canonical"),
    Way(fork, Kind.WITNESSED, "the witness saw other entries", "the witness saw other entries"),
    Way(swap_key, Kind.SIGNATURE, "not signed by a trusted key", "not signed by a trusted key"),
    Way(replay, Kind.REPEATED, "entry 604 repeats an earlier one", "entry 604 repeats an earlier one"),
    Way(replay_in_capitals, Kind.FORM, "604 is not canonical", "604 is not canonical"),
    Way(swap_tickets, Kind.TICKET, SOUND, SOUND),
    Way(show_something_else, Kind.SHOWN, SOUND, SOUND),
    Way(name_twice, Kind.FORM, "604 is not canonical JSON", "604 is not canonical JSON"),
    Way(hide_at_a_negative_place, Kind.STRAY, SOUND, REFUSED),
    Way(hide_at_a_place_beyond, Kind.GAP, REFUSED, REFUSED),
    Way(hide_in_the_future, Kind.UNPLACED, SOUND, REFUSED),
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return grown(tmp_path)


@pytest.fixture
def seen(journal: Journal) -> Seen:
    """What a witness saw before anybody tampered."""
    return Seen((journal.home / "journal.checkpoint").read_text(), (journal.first_key,))


def offline(journal: Journal, path: Path, seen: Seen, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    state = path.with_name("seen.json")
    state.write_text(json.dumps({"checkpoint": seen.checkpoint, "keys": list(seen.keys)}))
    arguments = [str(path), "--key", journal.first_key, "--witness", str(state)]
    return verify_journal.main(arguments), capsys.readouterr().out


def packed(path: Path, ticket: int, size: int) -> Path:
    """Write a pack of this entry and the one that is repeated, with what a witness needs, if it can be shown."""
    written = BytesIO()
    original = ticket_of(300) if JournalLeaf.objects.filter(number=300).exists() else ticket
    evidence.write_pack([original, ticket], written, witnessed=size)
    path.write_bytes(written.getvalue())
    return path


def test_nothing_is_found_where_nobody_tampered(
    journal: Journal, seen: Seen, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert journal.verified(elsewhere=Elsewhere(seen=seen)).problems == ()
    for path in (export_all(tmp_path / "all"), packed(tmp_path / "some.zip", ticket_of(5), 604)):
        assert offline(journal, path, seen, capsys)[0] == 0


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_verify_finds_it(journal: Journal, seen: Seen, way: Way) -> None:
    way.do(journal)
    found = {one.kind for one in journal.verified(elsewhere=Elsewhere(seen=seen)).problems}
    assert way.kind in found
    if way.do not in {truncate_with_file, fork}:  # only a witness sees these
        assert way.kind in {one.kind for one in journal.verified().problems}


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_offline_verifier_finds_it_in_a_full_export(
    journal: Journal, seen: Seen, way: Way, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    way.do(journal)
    if way.full is REFUSED:
        with pytest.raises(AllotmentError):
            export_all(tmp_path / "all")
        return
    status, words = offline(journal, export_all(tmp_path / "all"), seen, capsys)
    assert (status == 0) is (way.full is SOUND)
    assert way.full in words


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_offline_verifier_finds_it_in_a_pack_with_proofs(
    journal: Journal, seen: Seen, way: Way, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ticket = way.do(journal)
    if way.pack is REFUSED:
        with pytest.raises(AllotmentError):
            packed(tmp_path / "some.zip", ticket, 604)
        return
    status, words = offline(journal, packed(tmp_path / "some.zip", ticket, 604), seen, capsys)
    assert (status == 0) is (way.pack in {SOUND, NOTED})
    assert way.pack in words


def test_the_table_has_every_way_that_is_promised() -> None:
    promised = {edit, delete, reorder, truncate, backdate, fork, swap_key, replay, swap_tickets}
    assert promised <= {one.do for one in WAYS}
