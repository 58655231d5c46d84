"""A definition comes back from the database as its maker ordered it."""

import pytest

from allotment.microapps.making import make_from_plain
from allotment.microapps.models import AppVersion, MicroApp
from allotment.microapps.saving import save_version
from tests.conftest import Somebody
from tests.microapps.specs import customer_reply

pytestmark = pytest.mark.django_db

FIELDS = {"zebra": "text", "a": "number", "middle_name": "text", "bb": "date"}


def test_the_details_of_an_answer_keep_their_order(library: int, mira: Somebody) -> None:
    plain = customer_reply()
    plain["steps"][0]["answer"] = {"fields": FIELDS}
    plain["result"] = [{"show": "fields", "from": f"steps.{plain['steps'][0]['step']}"}]
    app = make_from_plain(mira.actor, plain).id
    save_version(app, mira.actor)
    stored = MicroApp.objects.get(id=app).working_spec, AppVersion.objects.get(app=app).spec
    for spec in stored:
        assert list(spec["steps"][0]["answer"]["fields"]) == list(FIELDS)
        assert spec["title"] == plain["title"]
