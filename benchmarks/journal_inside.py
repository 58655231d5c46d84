"""The inside of `benchmarks.journal`: `python -m benchmarks.journal_inside ENTRIES LARGEST` prints its figures as JSON.

Entries go through the gate's own writer and sequencer. The large trees are rows of made-up leaves in the real tables of
this process's throw-away installation: a proof reads the same rows whatever the leaves stand for.
"""

import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio

from allotment.site.starting import start_django

start_django()

from django.db import transaction  # noqa: E402 - features need Django started

from allotment.composition.preparing import prepare  # noqa: E402
from allotment.engine.actions import Action  # noqa: E402
from allotment.engine.recording import Entry, Scalar  # noqa: E402
from allotment.journal import evidence, inserting, sequencing, verify_journal, verifying  # noqa: E402
from allotment.journal.models import JournalEntry, JournalLeaf  # noqa: E402
from allotment.journal.proving import StoredHashes  # noqa: E402
from allotment.journal.recording import record_all  # noqa: E402
from allotment.journal.tree import proofs  # noqa: E402
from allotment.journal.tree.hashing import CompactRange  # noqa: E402
from allotment.journal.writing import GROUP, JournalWriter  # noqa: E402
from allotment.kernel import clock  # noqa: E402
from allotment.kernel.ids import new_id  # noqa: E402
from allotment.kernel.settings import settings  # noqa: E402
from benchmarks import cores  # noqa: E402
from benchmarks.findings import percentile  # noqa: E402
from benchmarks.progress import say  # noqa: E402

_AT_ONCE = 5_000
_ROWS = 65_536
_PROOFS, _GROWTHS = 200, 50


def main() -> None:
    """Measure, and print."""
    entries, largest = int(sys.argv[1]), int(sys.argv[2])
    prepare()
    sequencing.sequence_now()
    before, size = JournalEntry.objects.count(), _bytes()
    say(f"writing {entries:,} entries in groups")
    appended = _append(entries)
    say(f"writing {entries:,} entries for callers")
    called = anyio.run(_call, entries)
    entries = JournalEntry.objects.count() - before
    say("placing them in the tree")
    placed = _seconds(sequencing.sequence_now)
    grown = _bytes() - size
    say("verifying them")
    os.sched_setaffinity(0, {cores.SERVER})
    verified = verifying.verify(verifying.Outside.read(settings().home))
    if not verified.is_sound:
        raise SystemExit(f"The journal does not verify: {verified.problems[:3]}")
    say("verifying an export of them")
    offline, pack = _offline(settings().home / "everything.zip")
    told = {
        "entries": entries,
        "appended_a_second": appended,
        "called_a_second": called,
        "placing_microseconds": placed / entries * 1e6,
        "verified_a_second": verified.entries / verified.seconds,
        "offline_a_second": offline,
        "pack_megabytes": pack / 1e6,
        "bytes_an_entry": grown / entries,
        "proofs": _proofs(largest),
    }
    print(json.dumps(told))


def _offline(pack: Path) -> tuple[float, int]:
    """Export everything and verify it as an auditor does; return entries a second, and the bytes of the pack."""
    with pack.open("wb") as file:
        entries = evidence.write_everything(file).entries
    key = evidence.public_keys().splitlines()[0]
    command = [sys.executable, verify_journal.__file__, str(pack), "--key", key]
    seconds = _seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
    size = pack.stat().st_size
    pack.unlink()
    return entries / seconds, size


def _append(entries: int) -> float:
    """Record entries in groups as large as the writer's, each group one transaction; return entries a second."""
    groups = [[_entry() for _ in range(GROUP)] for _ in range(-(-entries // GROUP))]
    started = time.perf_counter()
    for group in groups:
        with transaction.atomic():
            record_all(group)
    return len(groups) * GROUP / (time.perf_counter() - started)


async def _call(entries: int) -> float:
    """Record entries as calls do, thousands of callers at a time; return entries a second."""
    writer = JournalWriter()
    writer.start()
    made = [_entry() for _ in range(entries)]
    started = time.perf_counter()
    for start in range(0, entries, _AT_ONCE):
        async with anyio.create_task_group() as group:
            for entry in made[start : start + _AT_ONCE]:
                group.start_soon(writer.record, entry)
    took = time.perf_counter() - started
    await anyio.to_thread.run_sync(writer.stop)
    return entries / took


def _entry() -> Entry:
    details: dict[str, Scalar] = {
        "step": "chat", "template": "customer-reply@2", "data_class": "internal", "masked email": 1, "withheld": 0,
        "milliseconds": 412, "tokens_in": 160, "tokens_out": 75, "cost_nanodollars": 69_000,
    }  # fmt: skip
    return Entry(
        clock.now(), Action.ASK_MODEL.value, "done", new_id(), "model", str(new_id()), run=new_id(),
        policies=("use-own-key", "ask-models"), details=details,
    )  # fmt: skip


def _proofs(largest: int) -> list[dict[str, float]]:
    """Return size and time of proofs in trees of 10⁴, 10⁵ … leaves."""
    first = JournalLeaf.objects.count()
    tree = proofs.edge(StoredHashes(), first)
    found = []
    size = 10_000
    while size <= largest:
        say(f"proofs in a tree of {size:,} leaves")
        _grow(tree, size)
        found.append({"leaves": size, **_of_entries(size), **_of_growth(size)})
        size *= 10
    return found


def _grow(tree: CompactRange, size: int) -> None:
    while tree.size < size:
        first = tree.size
        numbers = range(first, min(size, first + _ROWS))
        hashes = [hashlib.sha256(number.to_bytes(8, "big")).digest() for number in numbers]
        with transaction.atomic():
            inserting.append_leaves(first, [10**12 + number for number in numbers], hashes)
            inserting.append_nodes(tree.extend(hashes))


def _of_entries(size: int) -> dict[str, float]:
    """Make and check proofs that entries are in the tree of this size."""
    stored, root = StoredHashes(), proofs.root(StoredHashes(), size)
    made, checked, hashes = [], [], []
    for number in (random.randrange(size) for _ in range(_PROOFS)):  # noqa: S311 - places to look at
        (leaf,) = stored.leaves(number, number + 1)
        started = time.perf_counter()
        proof = proofs.inclusion(stored, number, size)
        between = time.perf_counter()
        assert proofs.verify_inclusion(leaf, number, size, proof, root)
        checked.append(time.perf_counter() - between)
        made.append(between - started)
        hashes.append(len(proof))
    return {
        "hashes": max(hashes),
        "making_milliseconds": percentile(made, 0.5) * 1e3,
        "checking_microseconds": percentile(checked, 0.5) * 1e6,
    }


def _of_growth(size: int) -> dict[str, float]:
    """Make and check proofs that the tree of this size begins with smaller ones."""
    stored, root = StoredHashes(), proofs.root(StoredHashes(), size)
    made, checked, hashes = [], [], []
    for old in (random.randrange(1, size) for _ in range(_GROWTHS)):  # noqa: S311 - places to look at
        old_root = proofs.root(stored, old)
        started = time.perf_counter()
        proof = proofs.consistency(stored, old, size)
        between = time.perf_counter()
        assert proofs.verify_consistency(old, size, old_root, root, proof)
        checked.append(time.perf_counter() - between)
        made.append(between - started)
        hashes.append(len(proof))
    return {
        "growth_hashes": max(hashes),
        "growth_making_milliseconds": percentile(made, 0.5) * 1e3,
        "growth_checking_microseconds": percentile(checked, 0.5) * 1e6,
    }


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _bytes() -> int:
    """Return the size of the database's file, with everything in it that is on its way there."""
    path = settings().home / "allotment.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


if __name__ == "__main__":
    main()
