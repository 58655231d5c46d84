"""Fill an installation with one of everything and list its addresses: `python -m tests.journeys.scenery '{}'`.

Prints, as JSON on the last line, the address of somebody with every role, what was planted, and every route.
"""

import io
import json
import sys
import time
from dataclasses import asdict, dataclass
from uuid import UUID

from allotment.site.starting import start_django

start_django()

from allotment.adapters.providers.scripted.speaking import MODEL  # noqa: E402 - features need Django started
from allotment.composition.installation import opened  # noqa: E402
from allotment.engine.principals import Actor, Role  # noqa: E402
from allotment.engine.recording import Entry  # noqa: E402
from allotment.journal.recording import record  # noqa: E402
from allotment.kernel import clock  # noqa: E402
from allotment.kernel.ids import new_id  # noqa: E402
from allotment.llms.connecting import NewConnection, connect  # noqa: E402
from allotment.llms.disconnecting import disconnect  # noqa: E402
from allotment.llms.models import Connection, LanguageModel  # noqa: E402
from allotment.microapps.making import make_from_plain, make_from_starter  # noqa: E402
from allotment.microapps.models import MicroApp  # noqa: E402
from allotment.microapps.parking import park  # noqa: E402
from allotment.microapps.publishing import publish  # noqa: E402
from allotment.microapps.queries import app_for, runnable  # noqa: E402
from allotment.microapps.releasing import WantedReach  # noqa: E402
from allotment.microapps.saving import save_version, save_working  # noqa: E402
from allotment.microapps.states import Audience  # noqa: E402
from allotment.people.api_keys.issuing import WantedKey, issue  # noqa: E402
from allotment.people.inviting import Invitation, invite  # noqa: E402
from allotment.people.models import Person, RoleGrant, Space  # noqa: E402
from allotment.people.queries import actor_of  # noqa: E402
from allotment.policies.models import Budget  # noqa: E402
from allotment.prompts.proposing import propose  # noqa: E402
from allotment.prompts.states import Category  # noqa: E402
from allotment.prompts.wording import worded  # noqa: E402
from allotment.prompts.writing import About, new_draft, new_family  # noqa: E402
from allotment.records.models import Record  # noqa: E402
from allotment.records.saving import save_records  # noqa: E402
from allotment.runs import starting  # noqa: E402
from allotment.runs.batches import starting as starting_batches  # noqa: E402
from allotment.runs.batches.queries import batch_for  # noqa: E402
from allotment.runs.batches.row_receipts import row_receipt_for  # noqa: E402
from allotment.runs.queries import run_for  # noqa: E402
from allotment.sheets.receiving import receive  # noqa: E402
from tests import planting  # noqa: E402
from tests.journeys.addresses import Values, addresses  # noqa: E402

FAILING_QUESTION = "Please fail."
LONG_TITLE = (
    "Rechtsschutzversicherungsgesellschaftskorrespondenzbeantwortung for the whole of Northern Europe"
)
ORDERS = b"Region;When;Amount\nNorth;31/01/2026;1.234,50\nSouth;;n/a\n"
CONTACT = "Where is my card? Write to ada.lovelace@example.org."


@dataclass(frozen=True)
class Apps:
    """Slugs by what there is to see at them."""

    published: str
    mine: str
    broken: str
    parked: str
    review: str
    """Id of the review that waits."""


def main() -> None:
    """Plant, and say what was planted."""
    people = planting.organisation({"scripted": json.loads(sys.argv[1]).get("scripted", {})})
    everyone = _with_every_role(people)
    apps = _apps(everyone, people)
    templates = _templates(everyone)
    with opened():
        runs = [_run(everyone, apps.published, CONTACT), _run(everyone, apps.published, FAILING_QUESTION)]
        connections = _connections(everyone)
        questions, batch = _batch(everyone, apps.published)
    handed = invite(
        everyone, Invitation("Noor from the night shift", "noor@example.org", frozenset({Role.COLLEAGUE}))
    )
    key = issue(everyone, WantedKey("Night report"))
    secret = handed.url.rstrip("/").rpartition("/")[2]
    budget_id = Budget.objects.filter(ended_at=None).values_list("id", flat=True)[0]
    values: dict[str, Values] = {
        "": {},
        "web": {"asset": ["app.css"]},
        "people": {
            "person_id": [everyone.person, handed.person],
            "space_id": [Space.objects.get().id],
            "secret": [secret],
            "key_id": [key.id],
        },
        "policies": {"scope": ["person"], "budget_id": [budget_id]},
        "llms": {
            "kind": ["openai_compatible", "anthropic"],
            "connection_id": connections,
            "model_id": [LanguageModel.objects.filter(name=MODEL).order_by("-is_default")[0].id],
        },
        "prompts": templates,
        "microapps": {
            "slug": [apps.mine, apps.published, apps.broken, apps.parked],
            "name": ["reply"],
            "part": ["form", "sample", "result", "about"],
            "number": [1, 2],
            "review_id": [apps.review],
            "starter": ["reply-to-a-customer"],
        },
        "journal": {"ticket": [1]},
        "records": {
            "slug": [apps.mine],
            "collection": ["complaints"],
            "kind": ["csv", "xlsx"],
            "record_id": [_record(everyone, apps.mine)],
        },
        "sheets": {"sheet_id": [receive(everyone, "orders.csv", io.BytesIO(ORDERS)).id]},
        **_values_of_runs(apps, runs, questions, batch, call=_call(everyone, key.id)),
    }
    actors = {role: actor_of(person) for role, person in people.items()}
    found = [asdict(address) for address in addresses(values, actors)]
    print(json.dumps({"everyone": "everyone@example.org", "apps": asdict(apps), "addresses": found}))


def _values_of_runs(
    apps: Apps, runs: list[UUID], questions: UUID, batch: UUID, *, call: UUID
) -> dict[str, Values]:
    return {
        "batches": {
            "slug": [apps.published],
            "sheet_id": [questions],
            "batch_id": [batch],
            "run_id": runs,
            "kind": ["csv", "xlsx"],
            "what": ["pause"],
            "number": [1],
        },
        "runs": {
            "slug": [apps.mine, apps.published, apps.parked],
            "run_id": runs,
            "kind": ["pdf", "csv"],
            "place": [0],
            "look": ["light", "png"],
            "call_id": [call],
        },
    }


def _batch(everyone: Actor, slug: str) -> tuple[UUID, UUID]:
    """Ask about the rows of a batch, of which one fits; return the sheet it is made from and the batch."""
    rows = b"Question;Branch\nWhere is my card?;banking\nWhere is it?;fishing\n"
    sheet = receive(everyone, "questions.csv", io.BytesIO(rows)).id
    matching = {"customer_query": "Question", "industry": "Branch"}
    wanted = runnable(MicroApp.objects.get(slug=slug).id, everyone)
    batch = starting_batches.start(everyone, wanted, sheet, matching)
    while not batch_for(everyone, batch).is_over:
        time.sleep(0.02)
    row_receipt_for(everyone, batch, 1)  # is signed by the time somebody takes its file
    return sheet, batch


def _call(everyone: Actor, key: UUID) -> UUID:
    """Record a call that a program made with a key, as the gate does."""
    call = new_id()
    model = LanguageModel.objects.filter(name=MODEL).order_by("-is_default")[0]
    record(
        Entry(
            at=clock.now(),
            action="models.ask",
            outcome="done",
            actor=everyone.person,
            object_kind="model",
            object_id=str(model.id),
            run=call,
            details={"key": str(key), "step": "", "template": "subject-line@1", "data_class": "internal"},
        )
    )
    return call


def _record(everyone: Actor, slug: str) -> UUID:
    app = MicroApp.objects.get(slug=slug).id
    saved = [{"Customer": "Mira", "Wish": "a refund"}]
    save_records(
        app=app, collection="complaints", records=saved, person=everyone.person, run=new_id(), step="keep"
    )
    return Record.objects.get(app_id=app).id


def _with_every_role(people: dict[str, Person]) -> Actor:
    person = planting.person(Role.COLLEAGUE, Space.objects.get(), email="everyone@example.org")
    for role in Role:
        RoleGrant.objects.get_or_create(person=person, role=role.value)
    return actor_of(person)


def _apps(everyone: Actor, people: dict[str, Person]) -> Apps:
    maker = actor_of(people[Role.MAKER.value])
    mine = make_from_starter(everyone, "reply-to-a-customer")
    save_version(mine.id, everyone, "As the starter has it")
    changed = {**mine.working_plain, "title": LONG_TITLE}
    save_working(mine.id, everyone, changed, mine.working_revision)
    save_version(mine.id, everyone, "With the name people here know")
    save_working(mine.id, everyone, {**changed, "purpose": ""}, mine.working_revision + 1)
    broken = make_from_plain(everyone, {**mine.working_plain, "steps": [{"step": "reply", "do": "dance"}]})
    parked = make_from_starter(everyone, "say-no-politely")
    save_version(parked.id, everyone)
    publish(parked.id, everyone, WantedReach(Audience.SPACE, Space.objects.get().id))
    park(parked.id, everyone)
    waiting = make_from_starter(maker, "answer-a-complaint")
    save_version(waiting.id, maker, "first")
    review = publish(waiting.id, maker, WantedReach(Audience.ORGANISATION)).review
    return Apps("customer-reply", mine.slug, broken.slug, parked.slug, str(review))


def _templates(everyone: Actor) -> Values:
    steward = Person.objects.get(email="steward@example.org").id
    wording = worded("You are kind.", "Say {message} more kindly, for {reader}.")
    first = new_family(About("Say it more kindly", "Takes the edge off.", Category.WRITING), wording, steward)
    propose(first.id, steward)
    softer = worded("You are kind and brief.", "Say {message} more kindly.")
    new_draft(first.family_id, softer, everyone.person)
    return {
        "name": [first.family.name],
        "number": [1, 2],
        "since": [1],
        "tool": ["prompty"],
    }


def _run(actor: Actor, slug: str, question: str) -> str:
    form = {"customer_query": question, "industry": "banking"}
    run = starting.start(app_for(actor, slug).id, actor, form)
    while not run_for(actor, run).is_over:
        time.sleep(0.02)
    return str(run)


def _connections(actor: Actor) -> list[str]:
    gone = connect(NewConnection("scripted", "The one we no longer use", {}), actor)
    disconnect(gone, actor)
    return [str(Connection.objects.get(kind="scripted", added_by=None).id), str(gone)]


if __name__ == "__main__":
    main()
