"""Making, revoking and freeing keys: what is stored, who may, and what the journal says."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from allotment.engine.principals import Actor
from allotment.engine.spec.app import DataClass
from allotment.kernel import clock
from allotment.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from allotment.people import leaving
from allotment.people.api_keys import freeing, issuing, owning, queries, revoking, using
from allotment.people.api_keys.issuing import IssuedKey, WantedKey
from allotment.people.api_keys.models import ApiKey, FreeForm
from allotment.people.api_keys.owning import OwnedApp
from allotment.people.api_keys.wording import new_text, read
from tests.conftest import MakePerson

APP = OwnedApp(UUID(int=5), "Card questions", DataClass.CONFIDENTIAL)
REASON = "The nightly report is written by another system."


@pytest.fixture
def owned_app() -> Iterator[OwnedApp]:
    before = owning._find
    owning.find_apps_with(lambda _: (APP,))
    yield APP
    owning.find_apps_with(before)


def issue(actor: Actor, **wanted: object) -> IssuedKey:
    return issuing.issue(actor, WantedKey(**{"name": "Night report", **wanted}))


@pytest.mark.django_db
def test_of_a_key_only_the_public_part_and_a_digest_are_stored(person: MakePerson) -> None:
    mira = person()
    issued = issue(mira.actor)
    parts = read(issued.text)
    assert parts is not None
    row = ApiKey.objects.get(id=issued.id)
    assert row.public == parts.public
    assert bytes(row.secret_digest) == hashlib.sha256(parts.secret.encode()).digest()
    assert parts.secret not in str(ApiKey.objects.values().get(id=issued.id))
    assert parts.secret not in repr(issued) + repr(parts)
    assert (row.expires_at - row.created_at).days in {89, 90}


@pytest.mark.django_db
def test_a_key_of_an_app_has_the_class_of_its_app(person: MakePerson, owned_app: OwnedApp) -> None:
    issued = issue(person().actor, app=APP.id, data_class=DataClass.PUBLIC)
    (usable,) = queries.usable_keys()
    assert (usable.app, usable.data_class) == (APP.id, "confidential")
    assert usable.resource.attributes["app"] == str(APP.id)
    assert issued.app == APP


@pytest.mark.django_db
def test_nobody_makes_a_key_for_the_app_of_others(person: MakePerson) -> None:
    with pytest.raises(NotAllowed):
        issue(person().actor, app=APP.id)


@pytest.mark.django_db
@pytest.mark.parametrize("wanted", [{"name": " "}, {"name": "x" * 81}, {"days": 0}, {"days": 366}])
def test_a_key_needs_a_name_and_an_end_within_a_year(person: MakePerson, wanted: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        issue(person().actor, **wanted)


@pytest.mark.django_db
def test_somebody_with_too_many_keys_revokes_one_first(
    person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "MOST_KEYS", 1)
    mira = person().actor
    first = issue(mira)
    with pytest.raises(Conflict):
        issue(mira)
    revoking.revoke(mira, first.id)
    issue(mira)


@pytest.mark.django_db
def test_what_is_revoked_over_or_of_somebody_gone_is_not_usable(person: MakePerson) -> None:
    mira, tom = person(roles=["administrator"]).actor, person()
    kept, revoked, _gone = issue(mira), issue(mira), issue(tom.actor)
    over = issue(mira, days=1)
    ApiKey.objects.filter(id=over.id).update(expires_at=clock.now() - timedelta(seconds=1))
    assert revoking.revoke(mira, revoked.id) is True
    assert revoking.revoke(mira, revoked.id) is False
    leaving.deactivate(None, tom.id)
    assert [key.id for key in queries.usable_keys()] == [kept.id]


@pytest.mark.django_db
def test_revoking_a_key_that_is_not_there_says_so() -> None:
    with pytest.raises(NotFound):
        revoking.revoke(None, UUID(int=1))


@pytest.mark.django_db
def test_the_right_to_free_words_is_asked_for_granted_and_taken_back(person: MakePerson) -> None:
    mira, olga = person().actor, person(roles=["officer"]).actor
    key = issue(mira).id
    assert _until(key) == 0
    freeing.ask_for_free_form(mira, key, REASON)
    assert queries.key(key).is_waiting
    freeing.grant_free_form(olga, key, days=30)
    assert _until(key) > clock.now().timestamp()
    found = queries.key(key)
    assert (found.may_ask_freely, found.free_form_by) == (True, olga.name)
    freeing.withdraw_free_form(olga, key)
    assert _until(key) == 0
    assert queries.key(key).can_ask_for_free_form


@pytest.mark.django_db
def test_a_grant_never_outlives_its_key(person: MakePerson) -> None:
    mira, olga = person().actor, person(roles=["officer"]).actor
    key = issue(mira, days=2).id
    freeing.ask_for_free_form(mira, key, REASON)
    freeing.grant_free_form(olga, key, days=90)
    assert ApiKey.objects.get(id=key).free_form_until == ApiKey.objects.get(id=key).expires_at


@pytest.mark.django_db
def test_nobody_frees_their_own_key_not_even_past_the_code(person: MakePerson) -> None:
    olga = person(roles=["officer"]).actor
    key = issue(olga).id
    freeing.ask_for_free_form(olga, key, REASON)
    with pytest.raises(NotAllowed):
        freeing.grant_free_form(olga, key)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.filter(id=key).update(
            free_form=FreeForm.GRANTED, free_form_decided_by=olga.person, free_form_until=clock.now()
        )


@pytest.mark.django_db
def test_what_cannot_be_freed_is_refused(person: MakePerson, owned_app: OwnedApp) -> None:
    mira, olga = person().actor, person(roles=["officer"]).actor
    key, of_app = issue(mira).id, issue(mira, app=APP.id).id
    with pytest.raises(NotAllowed):
        freeing.ask_for_free_form(olga, key, REASON)
    with pytest.raises(Invalid):
        freeing.ask_for_free_form(mira, key, "because")
    with pytest.raises(Conflict):
        freeing.ask_for_free_form(mira, of_app, REASON)
    with pytest.raises(Conflict):
        freeing.grant_free_form(olga, key)
    with pytest.raises(Conflict):
        freeing.withdraw_free_form(olga, key)
    freeing.ask_for_free_form(mira, key, REASON)
    with pytest.raises(Invalid):
        freeing.grant_free_form(olga, key, days=91)
    freeing.decline_free_form(olga, key)
    assert queries.key(key).free_form is FreeForm.DECLINED
    revoking.revoke(mira, key)
    with pytest.raises(Conflict):
        freeing.ask_for_free_form(mira, key, REASON)


@pytest.mark.django_db
def test_uses_are_kept_to_the_hour_and_never_go_back(person: MakePerson) -> None:
    key = issue(person().actor).id
    now = clock.now()
    using.remember_uses({key: now})
    using.remember_uses({key: now - timedelta(hours=5)})
    assert queries.key(key).last_used_at == now.replace(minute=0, second=0, microsecond=0)


@given(st.text())
def test_only_the_exact_shape_is_a_key(text: str) -> None:
    parts = read(text)
    assert parts is None or str(parts) == text


@given(st.binary(min_size=32, max_size=32))
def test_a_key_fits_its_own_digest_only(other: bytes) -> None:
    text = new_text()
    assert text.fits(text.digest)
    assert not text.fits(other)


def _until(key: UUID) -> object:
    (found,) = [one for one in queries.usable_keys() if one.id == key]
    return found.resource.attributes["free_form_until"]
