"""Prepares an installation for runs over many rows: `python -m benchmarks.batches_planting 1000 100000 questions.csv`.

Plants a person without limits, an app of one question, a file for each number of rows (the first is answered slowly)
and the files that are given. Prints who may sign in and where each file waits to be started, as JSON.
"""

import io
import json
import secrets
import sys
from pathlib import Path
from uuid import UUID

from allotment.site.starting import start_django

start_django()

from allotment.composition.preparing import prepare  # noqa: E402 - features need Django started
from allotment.engine.gate.budgets import Measure, Period, Scope  # noqa: E402
from allotment.engine.principals import Actor, Role  # noqa: E402
from allotment.kernel.settings import settings  # noqa: E402
from allotment.llms.models import Connection, LanguageModel  # noqa: E402
from allotment.microapps import making, publishing, saving  # noqa: E402
from allotment.microapps.queries import app_for  # noqa: E402
from allotment.microapps.releasing import WantedReach  # noqa: E402
from allotment.microapps.states import Audience  # noqa: E402
from allotment.people.inviting import Invitation, invite  # noqa: E402
from allotment.people.queries import actor_of  # noqa: E402
from allotment.people.setting_up import NewAccount, use_link  # noqa: E402
from allotment.policies.budgets.setting import NewBudget, set_budget  # noqa: E402
from allotment.sheets.receiving import receive  # noqa: E402
from benchmarks.batches import AT_ONCE, DELAY_MILLISECONDS  # noqa: E402

_SLOW = "slowly"
"""Rows with this word are answered after `DELAY_MILLISECONDS`, the others at once."""
EMAIL = "many@example.org"
_APP = {
    "allotment": 1,
    "name": "topic",
    "title": "Topic",
    "purpose": "Say what a message is about.",
    "form": [{"field": "text", "label": "Text", "kind": "long text", "required": True}],
    "steps": [
        {
            "step": "topic",
            "do": "ask",
            "template": "sort-into-topics@1",
            "with": {"text": "form.text"},
            "answer": {"choice": ["card", "transfer", "other"]},
        }
    ],
    "result": [{"show": "label", "from": "steps.topic", "title": "Topic"}],
}


def main() -> None:
    """Plant, and say what was planted."""
    prepare()
    _let_answer()
    password = secrets.token_urlsafe(16)
    person = _person(password)
    app = making.make_from_plain(person, _APP)
    saving.save_version(app.id, person)
    publishing.publish(app.id, person, WantedReach(Audience.ORGANISATION))
    sheets = {
        wanted: str(_sheet(person, wanted, slow=place == 0)) for place, wanted in enumerate(sys.argv[1:])
    }
    slug = app_for(person, app.id).slug
    print(json.dumps({"email": EMAIL, "password": password, "app": slug, "sheets": sheets}))


def _let_answer() -> None:
    script = Path(settings().home) / "script.json"
    slow = {"when": _SLOW, "answer": "card", "delay_milliseconds": DELAY_MILLISECONDS}
    script.write_text(json.dumps([slow, {"when": "", "answer": "other"}]))
    Connection.objects.filter(kind="scripted").update(values={"script": str(script)})


def _person(password: str) -> Actor:
    roles = frozenset({Role.MAKER, Role.COLLEAGUE, Role.ADMINISTRATOR})
    link = invite(None, Invitation("Many Rows", EMAIL, roles))
    person = actor_of(use_link(link.secret, NewAccount("Many Rows", EMAIL, password)))
    unlimited = ((Measure.CALLS, Period.MINUTE), (Measure.TOKENS, Period.DAY), (Measure.AT_ONCE, Period.NONE))
    for measure, period in unlimited:
        set_budget(person, NewBudget(Scope.PERSON, "", measure, period, None, "measuring"))
    model = str(LanguageModel.objects.get(connection__kind="scripted").id)
    set_budget(person, NewBudget(Scope.MODEL, model, Measure.AT_ONCE, Period.NONE, AT_ONCE, "measuring"))
    return person


def _sheet(person: Actor, wanted: str, *, slow: bool) -> UUID:
    if not wanted.isdecimal():
        with Path(wanted).open("rb") as file:
            return receive(person, Path(wanted).name, file).id
    word = _SLOW if slow else "soon"
    lines = (
        f"{number},Where is card {number}? Please answer {word}.,{number % 7}"
        for number in range(int(wanted))
    )
    text = "\n".join(("No,Text,Weight", *lines))
    return receive(person, f"{wanted}.csv", io.BytesIO(text.encode())).id


if __name__ == "__main__":
    main()
