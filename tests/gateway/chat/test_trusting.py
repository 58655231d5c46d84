"""Nothing is told from facts that are too old to decide from, nor while the clock is in doubt."""

from typing import Any
from uuid import UUID

import openai
import pytest

from allotment.engine.gate.values import Passage, Refused
from tests.gateway.chat.conftest import MakeClient
from tests.gateway.chat.scene import MIRA, Scene

PATHS = ["models", "models/small", f"receipts/{UUID(int=7)}"]


class Broken:
    def trouble(self, passage: Passage) -> Refused | None:
        raise RuntimeError("a watch that broke")


def get(client: openai.OpenAI, path: str) -> Any:
    return client.get(f"/{path}", cast_to=object)


def refused(client: openai.OpenAI, path: str) -> openai.InternalServerError:
    with pytest.raises(openai.InternalServerError) as caught:
        get(client, path)
    assert caught.value.status_code == 503
    return caught.value


@pytest.mark.parametrize("path", PATHS)
def test_stale_facts_tell_nothing_and_are_flagged(scene: Scene, client: MakeClient, path: str) -> None:
    scene.distrust()
    answer = refused(client(scene.key()), path)
    assert "99 seconds old, which is too old" in answer.body["message"]
    (entry,) = scene.journal.entries
    assert (entry.action, entry.outcome, entry.actor, entry.flagged) == ("keys.use", "refused", MIRA, True)
    assert entry.details["rule"] == "stale facts"
    assert answer.response.headers["allotment-entry"] == "1"


@pytest.mark.parametrize("path", PATHS)
def test_a_watch_that_breaks_tells_nothing(scene: Scene, client: MakeClient, path: str) -> None:
    object.__setattr__(scene.gate, "watch", Broken())
    refused(client(scene.key()), path)
    assert scene.journal.entries[0].details["rule"] == "watch"


def test_facts_that_are_fresh_enough_are_told(scene: Scene, client: MakeClient) -> None:
    scene.distrust(age_seconds=5.0)
    assert get(client(scene.key()), "models/small")["id"] == "small"


def test_no_answer_comes_from_stale_facts_when_the_journal_is_away_either(
    scene: Scene, client: MakeClient
) -> None:
    scene.distrust()
    scene.journal.is_broken = True
    refused(client(scene.key()), "models")
