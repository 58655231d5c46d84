"""A door with facts made by hand: people, keys, an app, templates and models, behind the real gate and policies."""

import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from allotment.adapters.providers.scripted.script import Rule, Script
from allotment.adapters.providers.scripted.speaking import ScriptedProvider
from allotment.composition.snapshot.facts import (
    AppFacts,
    AskFacts,
    KeyFacts,
    ModelFacts,
    Snapshot,
    TemplateFacts,
)
from allotment.engine.asking import ChatDelta, ChatRequest, Provider, Usage
from allotment.engine.gate.gate import Gate
from allotment.engine.gate.performing import Patience
from allotment.engine.gate.ports import Demand, LimitReached, Reservation
from allotment.engine.gate.values import AskedModel, Passage
from allotment.engine.gate.watching import Freshness, watching
from allotment.engine.principals import Actor, Resource, Role
from allotment.engine.recording import Also, Entry
from allotment.engine.templates import Slot, Template, template_digest
from allotment.kernel import clock
from allotment.kernel.errors import Unavailable
from allotment.llms.pricing import Tariff
from allotment.people.api_keys.wording import KeyText, new_text
from allotment.policies.gatekeeping import CedarAuthoriser

MIRA, TOM = UUID(int=1), UUID(int=2)
APP, OTHER_APP = UUID(int=11), UUID(int=12)
SPACE = UUID(int=21)
MOST_OF_APP = 400
"""How long the answers of the apps' steps may get."""
SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
SYSTEM = "You are kind."
USER = "Answer {question} for {reader}. Braces {{stay}}."


class Journal:
    """A recorder in memory; `is_broken` makes it one on a full disk."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.is_broken = False

    async def record(self, entry: Entry, also: Also | None = None, *, has_happened: bool = False) -> int:
        if self.is_broken:
            raise Unavailable("This could not be recorded, so it was not done.", code="not-recorded")
        self.entries.append(entry)
        if also is not None:
            also(len(self.entries))
        return len(self.entries)

    def outcomes(self) -> list[tuple[str, str]]:
        return [(entry.action, entry.outcome) for entry in self.entries]


class Room:
    """A reservation that always fits, and warns when it is told to."""

    def __init__(self, warnings: tuple[str, ...]) -> None:
        self.warnings = warnings

    def settle(self, usage: Usage, cost_nanodollars: int) -> None: ...

    def release(self) -> None: ...


@dataclass
class Limits:
    """A limiter that says what the test says."""

    reached: LimitReached | None = None
    warnings: tuple[str, ...] = ()

    async def reserve(
        self, passage: Passage, model: AskedModel, demand: Demand
    ) -> Reservation | LimitReached:
        return self.reached or Room(self.warnings)


@dataclass
class Models:
    """A directory of one provider for each model."""

    providers: dict[str, Provider]

    async def provider(self, model: AskedModel) -> Provider:
        return self.providers[model.id]

    def cost_nanodollars(self, model: AskedModel, usage: Usage) -> int:
        return 7


@dataclass
class Listening:
    """A provider that keeps what it was sent, and always says the same."""

    says: str = "It is here."
    asked: list[ChatRequest] = field(default_factory=list)

    async def chat(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        self.asked.append(request)
        yield ChatDelta(self.says, "stop", Usage(1, 1))

    async def models(self) -> tuple[str, ...]:
        return ()


def template(name: str, version: int, system: str = SYSTEM, user: str = USER) -> Template:
    slots = (
        Slot("question", "The question", "long text", max_length=200),
        Slot("reader", "The reader", is_required=False),
    )
    return Template(name, version, name.title(), system, user, slots, template_digest(system, user, slots))


def model(id_: str, *, highest: str = "restricted", runs_here: bool = True) -> AskedModel:
    facts = {"name": id_, "runs_here": runs_here, "highest_data_class": highest}
    return AskedModel(id_, f"{id_}-inside", id_.title(), Resource("Model", id_, facts), 512, f"to-{id_}")


@dataclass
class Scene:
    """Everything behind the door, changeable between requests."""

    journal: Journal = field(default_factory=Journal)
    limits: Limits = field(default_factory=Limits)
    facts: Snapshot = field(init=False)
    gate: Gate = field(init=False)
    uses: list[Mapping[UUID, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        speaking = ScriptedProvider(
            Script((Rule(when="FAIL", failure="500"), Rule(when="HANG", failure="hang"))),
        )
        names = {"small": model("small"), "public-only": model("public-only", highest="public")}
        models = {
            id_: ModelFacts(id_, asked, speaking, Tariff("m", "", runs_here=True), (), id_ == "small")
            for id_, asked in names.items()
        }
        templates = [(template("kind-reply", 1), False), (template("kind-reply", 2), True)]
        templates.append((template("other", 1), True))
        self.facts = Snapshot(
            taken_at=clock.monotonic(),
            actors={
                MIRA: Actor(MIRA, "Mira", frozenset({Role.MAKER}), frozenset({SPACE})),
                TOM: Actor(TOM, "Tom", frozenset({Role.AUDITOR})),
            },
            keys={},
            apps={app.id: app for app in (_app(APP, "kind-reply@2"), _app(OTHER_APP, "other@1"))},
            templates={(one.name, one.version): TemplateFacts(one, new, None) for one, new in templates},
            models=models,
            models_by_id=models,
        )
        providers: dict[str, Provider] = dict.fromkeys(models, speaking)
        patience = Patience(tries=1)
        self.gate = Gate(
            CedarAuthoriser(), self.limits, Models(providers), self.journal, watching(), patience=patience
        )

    def distrust(self, age_seconds: float = 99.0) -> None:
        """Let the facts be this old."""
        self.gate = replace(self.gate, watch=watching(Freshness(lambda: age_seconds, 5.0)))

    def let_stand_in(self, asked: str, instead: str) -> None:
        """Let the provider of one model fail, and another model stand in for it."""
        models = dict(self.facts.models)
        models[asked] = replace(models[asked], fallbacks=(models[instead].asked,))
        self.change(models=models, models_by_id=models)
        failing = ScriptedProvider(Script((Rule(failure="500"),)))
        self.gate = replace(self.gate, directory=Models({asked: failing, instead: models[instead].provider}))

    def speak_with(self, provider: Provider) -> None:
        """Let another provider stand behind every model."""
        self.gate = replace(self.gate, directory=Models(dict.fromkeys(self.facts.models, provider)))

    def change(self, **facts: object) -> None:
        """Replace facts, as a new snapshot does."""
        self.facts = replace(self.facts, **facts)

    def key(
        self,
        person: UUID = MIRA,
        *,
        app: UUID | None = None,
        data_class: str = "internal",
        free_form_until: int = 0,
        lasts: timedelta = timedelta(days=1),
    ) -> str:
        """Make a key and return its text."""
        text = new_text()
        self.change(
            keys={**self.facts.keys, text.public: _key(text, person, app, data_class, free_form_until, lasts)}
        )
        return str(text)

    def free_key(self, data_class: str = "internal") -> str:
        """Return the text of a key with the right to free words."""
        until = int(datetime.now(UTC).timestamp()) + 3600
        return self.key(free_form_until=until, data_class=data_class)


_ids = itertools.count(100)


def _key(
    text: KeyText, person: UUID, app: UUID | None, data_class: str, until: int, lasts: timedelta
) -> KeyFacts:
    id_ = UUID(int=next(_ids))
    facts = {"person": str(person), "data_class": data_class, "free_form_until": until}
    if app is not None:
        facts["app"] = str(app)
    resource = Resource("Key", str(id_), facts)
    ends = datetime.now(UTC) + lasts
    return KeyFacts(id_, text.public, text.digest, person, app, data_class, resource, ends)


def _app(id_: UUID, *templates: str) -> AppFacts:
    facts = {
        "owner": str(MIRA),
        "audience": "me",
        "state": "published",
        "tier": "low",
        "data_class": "internal",
    }
    resource = Resource("App", str(id_), facts)
    asked = dict.fromkeys(templates, (AskFacts("", MOST_OF_APP),))
    return AppFacts(id_, f"App {id_.int}", resource, 3, SPACE, "internal", None, asked)
