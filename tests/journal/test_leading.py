"""One process leads; whatever ends it, another goes on where it stopped."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection, connections

from allotment.journal.leading import Lead
from allotment.journal.sequencing import sequence_now, state
from tests.journal.conftest import checked, eventually, record

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bare")]


LEADER = """
import sys
from pathlib import Path
from dataclasses import replace
import django
django.setup()
from django.db import connections
connections["default"].settings_dict["NAME"] = sys.argv[1]
from allotment.journal import growing, leading, signing
from allotment.kernel.settings import settings
made = replace(settings(), home=Path(sys.argv[2]), journal_key_file=Path(sys.argv[2]) / "journal.key")
for module in (growing, leading, signing):
    module.settings = lambda: made
growing.BATCH = 7
from allotment.journal import sequencing
sequencing.PACE_SECONDS = sequencing.CHECKPOINT_SECONDS = 0.001
sequencer = sequencing.Sequencer()
sequencer.start()
print("started", flush=True)
leads = False
while True:
    if sequencer.leads and not leads:
        leads = True
        print("leads", flush=True)
    if sequencer.failure:
        print(sequencer.failure.message, flush=True)
    sequencer._stopping.wait(0.01)
"""


def leader(home: Path) -> subprocess.Popen[str]:
    """Start another process that would lead."""
    name = str(connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "-c", LEADER, name, str(home)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "allotment.site.django_settings"},
    )


def test_of_two_processes_one_leads_and_the_other_takes_over(bare):
    first = leader(bare)
    assert first.stdout.readline() == "started\n"
    assert first.stdout.readline() == "leads\n"
    second = leader(bare)
    assert second.stdout.readline() == "started\n"
    record(100)
    eventually(lambda: state().signed == 100)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert second.stdout.readline() == "leads\n"
    record(100)
    eventually(lambda: state().signed == 200)
    assert sequence_now().trouble == ""  # here, while the other process leads
    second.kill()
    second.wait()
    first.stdout.close()
    second.stdout.close()
    assert checked(bare) == 200


def test_killing_the_leader_at_any_moment_loses_no_place_and_gives_none_twice(bare):
    recorded = 0
    for pause in (0.0, 0.003, 0.01, 0.02, 0.04):
        process = leader(bare)
        assert process.stdout.readline() == "started\n"
        process.stdout.readline()
        for _ in range(20):
            record(10)
        recorded += 200
        time.sleep(pause)
        process.kill()
        process.wait()
        process.stdout.close()
    assert sequence_now().trouble == ""
    assert checked(bare) == recorded


def test_only_one_can_lead(bare):
    held = Lead()
    assert held.take()
    taken: list[bool] = []

    def try_to_take() -> None:
        other = Lead()
        taken.append(other.take())
        other.give_up()
        connections.close_all()

    def in_thread() -> bool:
        thread = threading.Thread(target=try_to_take)
        thread.start()
        thread.join()
        return taken.pop()

    assert not in_thread()
    held.give_up()
    assert in_thread()
