"""A sentence that nobody reads as a plan, proposed by the connected model: through the gate, into the builder."""

import json
from collections.abc import Callable
from pathlib import Path

from django.test import Client
from django.urls import reverse

from allotment.journal.queries import Wanted, recent
from allotment.microapps.making import make_from_starter
from allotment.microapps.models import MicroApp
from tests.conftest import Somebody
from tests.microapps.browsing import form_to

GROUP = {"do": "group", "by": [{"column": "Region"}], "figures": [{"figure": "sum", "column": "Revenue"}]}


def test_a_proposed_plan_is_shown_to_be_read_and_the_journal_knows(
    installation: None, maker: Somebody, client: Client, script: Callable[..., None], tmp_path: Path
) -> None:
    rules = tmp_path / "script.json"
    rules.write_text(json.dumps([{"answer": json.dumps({"plan": [GROUP]})}]))
    script(script=str(rules))
    app = make_from_starter(maker.actor, "sales-summary")
    client.force_login(maker.row)
    url = reverse("microapps:build_step", args=[app.slug, "regions"])
    typed = form_to(client.get(url).content.decode(), url).values
    asked = {**typed, "sentence": "who carries us, moneywise?", "do": "sentence"}
    page = client.post(url, asked, headers={"HX-Request": "true"}).content.decode()
    assert "A model proposed this plan." in page
    steps = MicroApp.objects.get(id=app.id).working_spec["steps"]
    assert next(step for step in steps if step["step"] == "regions")["plan"] == [GROUP]
    (entry,) = recent(Wanted(app=app.id, action="models.ask"), limit=5).entries
    assert entry.outcome == "done"
