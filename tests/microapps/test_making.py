"""Making apps: from a spec, as a copy; who may not."""

import pytest

from allotment.journal.models import JournalEntry
from allotment.kernel.errors import NotAllowed
from allotment.microapps import making, queries, saving
from allotment.microapps.states import Audience, State, Tier
from tests.conftest import Somebody
from tests.microapps.conftest import MakeApp
from tests.microapps.specs import customer_reply


@pytest.mark.django_db
def test_a_new_app_is_a_private_draft_of_its_maker(mira: Somebody) -> None:
    app = making.make_from_plain(mira.actor, customer_reply())

    assert (app.slug, app.title, app.owner.name) == ("customer-reply", "Reply to a customer", "Mira Okafor")
    assert (app.state, app.audience, app.published_number) == (State.DRAFT, Audience.ME, None)
    entry = JournalEntry.objects.get(action="apps.make")
    assert (entry.actor, entry.app) == (mira.id, app.id)


@pytest.mark.django_db
def test_two_apps_of_the_same_name_get_different_addresses(mira: Somebody) -> None:
    first = making.make_from_plain(mira.actor, customer_reply())
    second = making.make_from_plain(mira.actor, customer_reply())

    assert (first.slug, second.slug) == ("customer-reply", "customer-reply-2")
    assert second.working_plain["name"] == "customer-reply-2"


@pytest.mark.django_db
def test_an_app_never_takes_the_address_of_a_page(mira: Somebody) -> None:
    assert making.make_from_plain(mira.actor, customer_reply(name="describe")).slug != "describe"


@pytest.mark.django_db
def test_a_broken_spec_becomes_a_draft_too(mira: Somebody) -> None:
    app = making.make_from_plain(mira.actor, {"title": "Half an app"})

    assert app.slug == "half-an-app"
    assert app.has_unsaved_changes


def test_a_copy_belongs_to_who_made_it(make_app: MakeApp, rosa: Somebody) -> None:
    own = making.copy(rosa.actor, make_app())

    assert (own.title, own.owner.name) == ("Copy of Reply to a customer", "Rosa de la Cruz")
    assert own.state is State.DRAFT


@pytest.mark.django_db
def test_a_colleague_makes_no_apps(colleague: Somebody) -> None:
    with pytest.raises(NotAllowed):
        making.make_from_plain(colleague.actor, customer_reply())


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Écrire à un client", "ecrire-a-un-client"),
        ("2 minutes", "app-2-minutes"),
        ("日本", "app"),
        ("", "app"),
    ],
)
def test_slugs_are_plain_words(text: str, slug: str) -> None:
    assert making.slug_from(text) == slug


@pytest.mark.django_db
def test_the_risk_of_a_draft_follows_what_it_declares(mira: Somebody) -> None:
    app = making.make_from_plain(mira.actor, customer_reply(data={"special": True}))
    assert app.tier is Tier.MEDIUM

    saving.save_working(app.id, mira.actor, customer_reply(), app.working_revision)

    assert queries.app_for(mira.actor, app.id).tier is Tier.LOW
