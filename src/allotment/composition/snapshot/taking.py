"""Reading the facts of a snapshot from the features that own them: everything, or only what changes touched.

Invariant: a kind of change this table does not know counts as one that touches everything. Synchronous: it reads
tables, so it is called from a thread, never from the event loop.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from allotment.composition.snapshot.facts import (
    AppFacts,
    AskFacts,
    KeyFacts,
    ModelFacts,
    Snapshot,
    TemplateFacts,
)
from allotment.kernel import clock
from allotment.llms.providers import all_reachable
from allotment.llms.queries import OfferedModel, asked, names_at_the_api, offered_models, preferred, stand_ins
from allotment.microapps.published import PublishedApp, published_apps
from allotment.people.api_keys.queries import usable_keys
from allotment.people.rights import all_actors
from allotment.prompts.queries import usable_versions

Facts = Mapping[str, Any]
"""Some fields of a snapshot, by name."""
Change = tuple[str, str]
"""Kind and id of what changed, as the journal tells it."""


def take() -> Snapshot:
    """Return everything as it is now."""
    empty = Snapshot(clock.monotonic(), {}, {}, {}, {}, {}, {})
    return _with(empty, (_people, _keys, _apps, _templates, _models))


def renew(snapshot: Snapshot, changes: Collection[Change]) -> Snapshot:
    """Return the snapshot with everything read anew that these changes touch."""
    if any(kind not in _TOUCHED and kind != _APP for kind, _ in changes):
        return take()
    apps = {UUID(id_) for kind, id_ in changes if kind == _APP}
    parts = {part for kind, _ in changes for part in _TOUCHED.get(kind, ())}
    renewed = _with(snapshot, parts)
    return _with(renewed, (partial(_changed_apps, snapshot, apps),)) if apps else renewed


def _with(snapshot: Snapshot, parts: Iterable[Callable[[], Facts]]) -> Snapshot:
    started = clock.monotonic()
    found: dict[str, Any] = {}
    for part in parts:
        found.update(part())
    return replace(snapshot, taken_at=started, **found)


def _people() -> Facts:
    return {"actors": all_actors()}


def _keys() -> Facts:
    found = (
        KeyFacts(
            id=key.id,
            public=key.public,
            secret_digest=key.secret_digest,
            person=key.person,
            app=key.app,
            data_class=key.data_class,
            resource=key.resource,
            expires_at=key.expires_at,
        )
        for key in usable_keys()
    )
    return {"keys": {key.public: key for key in found}}


def _apps() -> Facts:
    return {"apps": {app.summary.id: _app(app) for app in published_apps()}}


def _changed_apps(snapshot: Snapshot, ids: Collection[UUID]) -> Facts:
    unchanged = {id_: app for id_, app in snapshot.apps.items() if id_ not in ids}
    return {"apps": unchanged | {app.summary.id: _app(app) for app in published_apps(ids)}}


def _app(app: PublishedApp) -> AppFacts:
    summary = app.summary
    templates: dict[str, tuple[AskFacts, ...]] = {}
    for step in app.asks:
        asks = AskFacts(step.model, step.most_tokens)
        templates[step.template] = (*templates.get(step.template, ()), asks)
    return AppFacts(
        id=summary.id,
        title=summary.title,
        resource=app.resource,
        version=app.version,
        space=None if summary.space is None else summary.space.id,
        data_class=summary.data_class.value,
        approver=app.approver,
        templates=templates,
    )


def _templates() -> Facts:
    found: dict[tuple[str, int], TemplateFacts] = {}
    seen: set[str] = set()
    for version in usable_versions():  # newest first within each family
        template = version.template
        is_newest = template.name not in seen
        seen.add(template.name)
        found[template.name, template.version] = TemplateFacts(template, is_newest, version.approver)
    return {"templates": found}


def _models() -> Facts:
    offered, reachable = offered_models(), all_reachable()
    names, standing_in, usual = names_at_the_api(offered), stand_ins(offered), preferred(offered)

    def facts_of(model: OfferedModel) -> ModelFacts:
        live = reachable[model.id]
        fallbacks = tuple(asked(one) for one in standing_in.get(model.id, ()))
        return ModelFacts(
            names[model.id], asked(model), live.provider, live.tariff, fallbacks, is_default=model is usual
        )

    found = [facts_of(model) for model in offered if model.id in reachable]
    return {
        "models": {model.api_name: model for model in found},
        "models_by_id": {model.asked.id: model for model in found},
    }


_APP = "app"
"""Apps are many, so only those that changed are read anew."""

_TOUCHED: Mapping[str, tuple[Callable[[], Facts], ...]] = {
    "person": (_people, _keys),
    "space": (_people,),
    "key": (_keys,),
    "template": (_templates,),
    "model": (_models,),
    "connection": (_models,),
    "review": (),  # what is decided in a review changes its app, and is told as that
    "run": (),
    "budget": (),
}
"""What changes touch, by the kind of thing that the journal says was changed."""
