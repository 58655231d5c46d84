"""Reads of models and connections. Values out, never rows, and never a secret."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext

from allotment.adapters.ollama import ENDPOINT as OLLAMA_ENDPOINT
from allotment.adapters.ollama import find_local_ollama
from allotment.engine.gate.values import AskedModel
from allotment.engine.principals import AttributeValue, Resource
from allotment.engine.spec.app import DataClass
from allotment.kernel import portal
from allotment.kernel.errors import NotFound, Unavailable
from allotment.kernel.settings import settings
from allotment.llms.models import Connection, ConnectionState, LanguageModel, StandIn
from allotment.llms.pricing import Rates, Tariff, rates
from allotment.llms.providers import outbound, plugin_of, tariff_of
from allotment.llms.rules import api_names, host_of, may_stand_in
from allotment.llms.words import data_class_name, place_words

_OLLAMA_SECONDS = 60


@dataclass(frozen=True)
class OfferedModel:
    """A model as people choose it."""

    id: UUID
    name: str
    """The provider's own name."""
    title: str
    connection_id: UUID
    provider_title: str
    host: str
    """Where it answers; empty for one inside Allotment."""
    runs_here: bool
    ceiling: DataClass
    max_tokens: int
    is_on: bool
    is_default: bool
    is_practice: bool
    state: str
    """`connected`, `failing` or `off`: of its connection; `missing` when the practice model is not installed."""
    tariff: Tariff

    @property
    def rates(self) -> Rates | None:
        """What a million tokens cost, or None when nobody knows."""
        return rates(self.tariff)

    @property
    def can_answer(self) -> bool:
        """Whether asking it now makes sense."""
        return self.is_on and self.state in {"connected", "failing"}

    @property
    def place(self) -> str:
        """Where it runs, in words."""
        return place_words(runs_here=self.runs_here, host=self.host)

    @property
    def ceiling_name(self) -> str:
        """The highest data class it may be asked with, in words."""
        return data_class_name(self.ceiling)


@dataclass(frozen=True)
class ConnectionSummary:
    """A connection as its page shows it."""

    id: UUID
    kind: str
    kind_title: str
    title: str
    host: str
    runs_here: bool
    is_built_in: bool
    has_secret: bool
    """Whether a credential is stored."""
    state: str
    trouble: str
    added_by: UUID | None
    added_at: datetime
    last_checked: datetime | None
    model_count: int
    on_count: int

    @property
    def place(self) -> str:
        """Where it answers, in words."""
        return place_words(runs_here=self.runs_here, host=self.host)


def offered_models() -> tuple[OfferedModel, ...]:
    """Return the models that are on and connected, the default first, the practice model last."""
    found = [
        _offered(row) for row in _rows().filter(is_on=True).exclude(connection__state=ConnectionState.OFF)
    ]
    return tuple(
        sorted(found, key=lambda model: (not model.is_default, model.is_practice, model.title.lower()))
    )


def stand_ins_of(model_id: UUID) -> tuple[OfferedModel, ...]:
    """Return the models that may stand in for this one now, in their order."""
    return stand_ins(offered_models()).get(model_id, ())


def stand_ins(offered: Iterable[OfferedModel]) -> dict[UUID, tuple[OfferedModel, ...]]:
    """Return who may stand in for each model now: of those chosen, the offered ones with a ceiling as high."""
    by_id = {one.id: one for one in offered}
    found: dict[UUID, tuple[OfferedModel, ...]] = {}
    for model_id, stand_in_id in StandIn.objects.values_list("model_id", "stand_in_id"):
        for_, one = by_id.get(model_id), by_id.get(stand_in_id)
        if for_ and one and may_stand_in(ceiling=one.ceiling, for_ceiling=for_.ceiling):
            found[model_id] = (*found.get(model_id, ()), one)
    return found


def possible_stand_ins(model_id: UUID) -> tuple[OfferedModel, ...]:
    """Return the models that could be chosen to stand in for this one."""
    for_ = model(model_id)
    return tuple(
        one
        for one in offered_models()
        if one.id != for_.id and may_stand_in(ceiling=one.ceiling, for_ceiling=for_.ceiling)
    )


def api_name_of(model_id: UUID) -> str:
    """Return what a caller at the API writes to ask this model; empty when it is not offered."""
    return names_at_the_api(offered_models()).get(model_id, "")


def names_at_the_api(offered: Iterable[OfferedModel]) -> dict[UUID, str]:
    """Return what a caller at the API writes for each of these models; see `rules.api_names`."""
    return api_names((one.id, one.name, one.provider_title) for one in offered)


def asked(model: OfferedModel) -> AskedModel:
    """Return the model as the gate and the policy function see it."""
    facts: dict[str, AttributeValue] = {
        "name": model.name,
        "runs_here": model.runs_here,
        "highest_data_class": model.ceiling.value,
    }
    return AskedModel(
        id=str(model.id),
        name=model.name,
        title=model.title,
        resource=Resource("Model", str(model.id), facts),
        max_tokens=model.max_tokens,
        connection=str(model.connection_id),
    )


def default_model() -> OfferedModel | None:
    """Return the model to use where none is named: the chosen one, else the practice model, else none."""
    return preferred(offered_models())


def preferred(offered: Iterable[OfferedModel]) -> OfferedModel | None:
    """Return the one of these that is used where none is named."""
    return next((one for one in offered if one.is_default or one.is_practice), None)


def model_named(name: str) -> OfferedModel:
    """Return the offered model with this id, provider's name or title; raises `NotFound`."""
    for model in offered_models():
        if name in {str(model.id), model.name, model.title}:
            return model
    raise NotFound(
        gettext("No model called “%(name)s” is offered here.") % {"name": name},
        hint=gettext("Choose one from the models page, or ask an administrator to turn it on."),
    )


def model(model_id: UUID) -> OfferedModel:
    """Return one model, on or off; raises `NotFound`."""
    return _offered(model_row(model_id))


def models_of(connection_id: UUID, *, search: str = "") -> tuple[OfferedModel, ...]:
    """Return the models of a connection, those that are on first, whose name contains `search`."""
    rows = _rows().filter(connection_id=connection_id, name__icontains=search).order_by("-is_on", "name")
    return tuple(_offered(row) for row in rows)


def connections() -> tuple[ConnectionSummary, ...]:
    """Return every connection, those that are off last."""
    rows = Connection.objects.annotate(
        model_count=Count("models"), on_count=Count("models", filter=Q(models__is_on=True))
    )
    found = [_summary(row, row.model_count, row.on_count) for row in rows]
    return tuple(sorted(found, key=lambda one: one.state == ConnectionState.OFF.value))


def connection(connection_id: UUID) -> ConnectionSummary:
    """Return one connection; raises `NotFound`."""
    row = connection_row(connection_id)
    return _summary(row, row.models.count(), row.models.filter(is_on=True).count())


def public_values(connection_id: UUID) -> dict[str, str]:
    """Return the fields of a connection that are no secret."""
    return dict(connection_row(connection_id).values)


def ollama_found() -> tuple[str, ...]:
    """Return the models of an Ollama on this machine that is not connected yet; looks once a minute."""
    if (
        Connection.objects.filter(values__endpoint=OLLAMA_ENDPOINT)
        .exclude(state=ConnectionState.OFF)
        .exists()
    ):
        return ()
    found: tuple[str, ...] | None = cache.get("llms.ollama")
    if found is None:
        try:
            found = portal.call(find_local_ollama, outbound())
        except Unavailable:
            return ()
        cache.set("llms.ollama", found, _OLLAMA_SECONDS)
    return found


def model_choices() -> tuple[tuple[str, str], ...]:
    """Return id and title of the models that are on, to be chosen by."""
    return tuple((str(one.id), one.title) for one in offered_models())


def model_titles(ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the titles of models by id; the journal asks."""
    return dict(LanguageModel.objects.filter(id__in=ids).values_list("id", "title"))


def connection_titles(ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the titles of connections by id; the journal asks."""
    return dict(Connection.objects.filter(id__in=ids).values_list("id", "title"))


def connection_row(connection_id: UUID) -> Connection:
    """Return the row; for this package only."""
    row = Connection.objects.filter(id=connection_id).first()
    if row is None:
        raise NotFound(
            gettext("There is no such connection."), hint=gettext("Choose one from the models page.")
        )
    return row


def model_row(model_id: UUID) -> LanguageModel:
    """Return the row with its connection; for this package only."""
    row = _rows().filter(id=model_id).first()
    if row is None:
        raise NotFound(gettext("There is no such model."), hint=gettext("Choose one from the models page."))
    return row


def _rows() -> "QuerySet[LanguageModel]":
    return LanguageModel.objects.select_related("connection")


def _offered(row: LanguageModel) -> OfferedModel:
    tariff = tariff_of(row)
    connection = row.connection
    return OfferedModel(
        id=row.id,
        name=row.name,
        title=gettext(row.title) if connection.added_by_id is None else row.title,
        connection_id=connection.id,
        provider_title=gettext(connection.title) if connection.added_by_id is None else connection.title,
        host=host_of(connection.values),
        runs_here=tariff.runs_here,
        ceiling=DataClass(row.ceiling),
        max_tokens=row.max_tokens,
        is_on=row.is_on,
        is_default=row.is_default,
        is_practice=row.is_practice,
        state="missing" if row.is_practice and not _is_installed() else connection.state,
        tariff=tariff,
    )


def _is_installed() -> bool:
    return settings().practice_model_file.is_file()


def _summary(row: Connection, model_count: int, on_count: int) -> ConnectionSummary:
    is_built_in = row.added_by_id is None
    return ConnectionSummary(
        id=row.id,
        kind=row.kind,
        kind_title=plugin_of(row.kind).title,
        title=gettext(row.title) if is_built_in else row.title,
        host=host_of(row.values),
        runs_here=row.runs_here,
        is_built_in=is_built_in,
        has_secret=bool(row.sealed_secrets),
        state=row.state,
        trouble=row.trouble,
        added_by=row.added_by_id,
        added_at=row.added_at,
        last_checked=row.last_checked,
        model_count=model_count,
        on_count=on_count,
    )
