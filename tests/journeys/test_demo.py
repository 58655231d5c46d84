"""`allotment demo`: a believable organisation, made once, marked as invented, and never among real people."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from allotment.engine.principals import Role
from tests.serving import Server


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Server, dict[str, object]]:
    server = Server(tmp_path_factory.mktemp("demo"))
    return server, json.loads(server.command("demo", "--no-questions", "--json").stdout)


def _list(server: Server, *arguments: str) -> list[dict[str, object]]:
    return json.loads(server.command(*arguments, "--json").stdout)


def test_demo_leaves_people_in_every_role_and_apps_in_every_state(demo) -> None:
    server, told = demo
    people = _list(server, "people", "list")
    assert {role for person in people for role in person["roles"]} == {role.value for role in Role}
    assert all(person["has_password"] for person in people)
    assert told["is_new"]
    assert len(told["password"]) > 20
    states = {app["state"] for app in _list(server, "apps", "list", "--as", "leilani@alder.example")}
    assert {"draft", "in_review", "published"} <= states


def test_drafted_app_is_published_after_the_checks_were_shown(demo) -> None:
    _, told = demo
    assert told["version"] == 1
    assert any("topic" in step for step in told["steps"])
    assert all(check["level"] != "stop" for check in told["checks"])


def test_second_demo_changes_nothing(demo) -> None:
    server, told = demo
    again = json.loads(server.command("demo", "--no-questions", "--json").stdout)
    assert not again["is_new"]
    assert again["password"] == ""
    assert again["app"] == told["app"]
    assert len(_list(server, "people", "list")) == len(told["people"])


_COUNT = """
import json
from collections import Counter
from allotment.site.starting import start_django
start_django()
from allotment.journal.models import JournalEntry
from allotment.runs.models import Run
runs = list(Run.objects.values("state", "masked", "cost_nanodollars"))
told = JournalEntry.objects.filter(action="apps.run")
print(json.dumps([
    Counter(run["state"] for run in runs),
    sum(run["masked"] > 0 for run in runs),
    sum(run["cost_nanodollars"] for run in runs),
    told.count(),
    sum(entry.details.get("demo") is not True for entry in told),
]))
"""


def test_organisation_has_a_week_of_runs_behind_it(demo) -> None:
    server, _ = demo
    counted = subprocess.run(
        [sys.executable, "-c", _COUNT], env=server.environment, check=True, capture_output=True, text=True
    )
    states, masked, cost, told, unmarked = json.loads(counted.stdout)
    assert set(states) == {"done", "stopped", "refused", "failed", "cancelled"}
    assert sum(states.values()) == 300
    assert masked > 50
    assert cost > 0
    assert told == 600
    assert unmarked == 0


def test_demo_refuses_an_installation_with_people_of_its_own(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.command("people", "invite", "real@example.org", "--name", "Real Person")
    refused = server.command("demo", "--no-questions", check=False)
    assert refused.returncode != 0
    assert "people of its own" in refused.stderr
    assert len(_list(server, "people", "list")) == 1
