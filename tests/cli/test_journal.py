"""`allotment journal`, as its operator, an auditor and a witness use it, on one real installation after the other."""

import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from allotment.journal.tree.notes import Signer
from tests.cli.conftest import Installation, Ran
from tests.serving import Server

pytestmark = pytest.mark.sqlite


@pytest.fixture
def copied(installation: Installation, tmp_path: Path) -> Installation:
    """An installation of this test alone, with something signed."""
    home = tmp_path / "home"
    shutil.copytree(installation.server.home, home)
    copy = Installation(Server(home), installation.people)
    assert copy("journal", "checkpoint").code == 0
    return copy


def key_of(installation: Installation) -> str:
    return installation("journal", "keys").output.split()[0]


def offline(pack: Path, key: str) -> subprocess.CompletedProcess[str]:
    """Check a pack with the verifier inside it."""
    folder = pack.with_suffix("")
    shutil.unpack_archive(pack, folder)
    return subprocess.run(
        [sys.executable, folder / "verify_journal.py", pack, "--key", key],
        capture_output=True,
        text=True,
        check=False,
    )


def tampered(home: Path) -> None:
    """Change an entry as one who rules the database."""
    with sqlite3.connect(home / "allotment.sqlite3") as database:
        found = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal_entry'"
        )
        for (name,) in found.fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute(
            "UPDATE journal_entry SET body = replace(body, '\"done\"', '\"failed\"') WHERE ticket = 3"
        )


def witnessed(news: Ran, state: Path, installation: Installation, *options: str) -> Ran:
    told = state.with_suffix(".news")
    told.write_text(news.output)
    return installation("journal", "witness", str(state), "--news", str(told), *options)


def test_a_sound_journal_is_told_to_be_whole(copied: Installation) -> None:
    assert "The journal is whole" in copied("journal", "verify").output
    told = copied("journal", "verify", "--json").json
    assert (told["sound"], told["problems"]) == (True, [])


def test_a_changed_entry_ends_with_1(copied: Installation) -> None:
    tampered(copied.server.home)
    ran = copied("journal", "verify")
    assert ran.code == 1
    assert "not whole: 1 problem in " in ran.output
    assert copied("journal", "verify", "--json").json["problem_count"] >= 1


def test_one_entry_is_proved_and_several_go_into_a_pack(copied: Installation, tmp_path: Path) -> None:
    assert copied("journal", "prove", "3").output.startswith("c2sp.org/tlog-proof@v1")
    assert "--out" in copied("journal", "prove", "3", "4").errors
    pack = tmp_path / "some.zip"
    assert "2 entries" in copied("journal", "prove", "3", "4", "--out", str(pack)).output
    done = offline(pack, key_of(copied))
    assert done.returncode == 0, done.stdout
    assert offline(pack, Signer.generate("allotment/journal/another").verifier.text).returncode != 0


def test_everything_is_exported_as_lines_events_and_evidence(copied: Installation, tmp_path: Path) -> None:
    plain = [json.loads(line) for line in copied("journal", "export").output.splitlines()]
    assert [one["number"] for one in plain] == list(range(len(plain)))
    out = tmp_path / "events.jsonl"
    copied("journal", "export", "--format", "ocsf", "--to", "5", "--out", str(out))
    assert [json.loads(line)["raw_data"] for line in out.read_text().splitlines()] == [
        one["body"] for one in plain[:5]
    ]
    pack = tmp_path / "all.zip"
    assert copied("journal", "export", "--out", str(pack)).code == 0
    done = offline(pack, key_of(copied))
    assert done.returncode == 0, done.stdout


def test_a_witness_follows_the_journal_and_refuses_another(copied: Installation, tmp_path: Path) -> None:
    state, key = tmp_path / "seen.json", key_of(copied)
    first = copied("journal", "checkpoint", "--since", "0")
    assert "--key" in witnessed(first, state, copied).errors
    assert "Seen: " in witnessed(first, state, copied, "--key", key).output
    seen = int(json.loads(state.read_text())["checkpoint"].splitlines()[1])
    copied("journal", "export", "--to", "1")
    following = copied("journal", "checkpoint", "--since", str(seen))
    assert f"Seen: {seen + 1} entries" in witnessed(following, state, copied).output
    assert "nothing was signed since" in witnessed(following, state, copied).output
    older = witnessed(first, state, copied)
    assert older.code == 2
    assert "This news is older than what was seen, or the journal is shorter than before" in older.errors


def test_a_fork_is_refused(copied: Installation, tmp_path: Path) -> None:
    twin = Installation(Server(tmp_path / "twin"), {})
    shutil.copytree(copied.server.home, twin.server.home)
    for one, times in ((copied, 1), (twin, 2)):
        for _ in range(times):
            one("journal", "export", "--to", "1")
    state = tmp_path / "seen.json"
    witnessed(copied("journal", "checkpoint", "--since", "0"), state, copied, "--key", key_of(copied))
    seen = json.loads(state.read_text())["checkpoint"].splitlines()[1]
    kept = state.read_text()
    forked = witnessed(twin("journal", "checkpoint", "--since", seen), state, copied)
    assert (forked.code, "fork" in forked.errors) == (2, True)
    assert state.read_text() == kept


def test_a_new_key_is_announced_and_the_journal_stays_whole(copied: Installation) -> None:
    before = key_of(copied)
    ran = copied("journal", "rotate-key")
    keys = copied("journal", "keys").output.split()
    assert (keys[0], len(keys)) == (before, 2)
    assert keys[1] in ran.output
    assert copied("journal", "verify").code == 0


def test_a_new_key_is_told_before_it_signs_with_what_it_waits_for(copied: Installation) -> None:
    before = key_of(copied)
    with (copied.server.home / "journal.lead").open("ab") as another:
        fcntl.flock(another, fcntl.LOCK_EX)
        ran = copied("journal", "rotate-key")
        assert copied("journal", "checkpoint").errors.count("is not signed yet") == 1
    assert "signs as soon as entry " in ran.output
    assert "is not signed yet" in ran.errors
    told = ran.output.split()[-1]
    copied("journal", "checkpoint")
    assert copied("journal", "keys").output.split() == [before, told]


def test_verify_mends_nothing_before_it_looks(copied: Installation) -> None:
    copied("journal", "export", "--to", "1")
    with sqlite3.connect(copied.server.home / "allotment.sqlite3") as database:
        found = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal_checkpoint'"
        )
        for (name,) in found.fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("DELETE FROM journal_checkpoint")
    copied("journal", "verify")
    with sqlite3.connect(copied.server.home / "allotment.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM journal_checkpoint").fetchone() == (0,)


def test_a_journal_in_order_cannot_begin_again_and_a_restored_one_can(
    copied: Installation, tmp_path: Path
) -> None:
    refused = copied("journal", "begin-again", "--reason", "a test", "--yes")
    assert (refused.code, "in order" in refused.errors) == (2, True)
    backup = tmp_path / "backup.sqlite3"
    database = copied.server.home / "allotment.sqlite3"
    with sqlite3.connect(database) as source, sqlite3.connect(backup) as into:
        source.backup(into)
    copied("journal", "export", "--to", "1")
    for rest in copied.server.home.glob("allotment.sqlite3-*"):
        rest.unlink()
    shutil.copy(backup, database)
    assert copied("journal", "verify").code == 1
    ran = copied("journal", "begin-again", "--reason", "disk broke", "--yes")
    assert ran.code == 0, ran.errors
    copied("journal", "checkpoint")
    assert len(copied("journal", "keys").output.split()) == 2


def test_a_witness_has_no_installation_and_gets_none(copied: Installation, tmp_path: Path) -> None:
    machine = tmp_path / "elsewhere"
    machine.mkdir()
    news = copied("journal", "checkpoint", "--since", "0").output
    names = ("PATH", "PYTHONPATH", "LANG")
    alone = {"HOME": str(machine), **{name: os.environ[name] for name in names if name in os.environ}}

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "allotment", "journal", "witness", "seen.json", *options]
        return subprocess.run(
            command, cwd=machine, env=alone, input=news, capture_output=True, text=True, check=False
        )

    done = run("--key", key_of(copied))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Seen: ")
    assert [one.name for one in machine.iterdir()] == ["seen.json"]
    late = run("--stale", "0", "--json")
    assert {"new": False, "stale": True}.items() <= json.loads(late.stdout).items()
    assert "you are shown an old state" in run("--stale", "0").stderr
    assert [one.name for one in machine.iterdir()] == ["seen.json"]


def test_verify_can_be_held_against_what_lies_elsewhere(copied: Installation, tmp_path: Path) -> None:
    state, key = tmp_path / "seen.json", key_of(copied)
    witnessed(copied("journal", "checkpoint", "--since", "0"), state, copied, "--key", key)
    assert copied("journal", "verify", "--key", key, "--witness", str(state)).code == 0
    other = copied("journal", "verify", "--key", Signer.generate("allotment/journal/another").verifier.text)
    assert (other.code, "is not signed by allotment/journal/another" in other.output) == (1, True)
    (copied.server.home / "journal.vkeys").unlink()
    assert copied("journal", "verify", "--key", key).code == 0
    seen = json.loads(state.read_text())["checkpoint"].splitlines()[1]
    ran = copied("journal", "prove", "3", "3", "--out", str(tmp_path / "some.zip"), "--since", seen)
    assert (ran.code, "1 entries, proved" in ran.output) == (0, True)


def test_a_journal_begun_anew_says_so(copied: Installation) -> None:
    (copied.server.home / "journal.key").unlink()
    assert copied("journal", "begin-again", "--reason", "the key is lost", "--yes").code == 0
    copied("journal", "checkpoint")
    ran = copied("journal", "verify")
    assert ran.code == 0, ran.output
    assert "The journal was begun anew at entry " in ran.output
    assert copied("journal", "verify", "--json").json["begun"][0]["before"].startswith("allotment/journal/")


def test_a_pack_is_written_whole_or_not_at_all(copied: Installation, tmp_path: Path) -> None:
    pack = tmp_path / "evidence.zip"
    pack.write_text("evidence of last year")
    for command in (
        ("prove", "999999", "--out", str(pack)),
        ("export", "--out", str(pack), "--format", "ocsf"),
        ("export", "--out", str(pack), "--from", "0"),
        ("export", "--out", str(pack), "--to", "9"),
    ):
        assert copied("journal", *command).code == 2
    assert "leave --format, --from and --to out" in copied("journal", *command).errors
    assert "--out" in copied("journal", "prove", "3", "--since", "1").errors
    assert pack.read_text() == "evidence of last year"
    assert list(tmp_path.glob(".evidence*")) == []
    missing = copied("journal", "export", "--out", str(tmp_path / "nowhere" / "all.zip"))
    assert "cannot be written" in missing.errors
