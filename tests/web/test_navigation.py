"""Who sees which entry, and which one is marked as the current page."""

import pytest
from django.test import RequestFactory

from allotment.engine.actions import Action
from allotment.web import navigation
from allotment.web.navigation import NavEntry, Place


@pytest.fixture(autouse=True)
def _own_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "_entries", {})
    monkeypatch.setattr(navigation, "_allowed", navigation._nobody)


def test_the_current_page_is_marked() -> None:
    navigation.register(NavEntry("Components", "web:gallery", "swatch", Action.SEE_GALLERY, 2))
    navigation.register(NavEntry("Sign in", "account_login", "key", Action.SIGN_IN, 1))
    navigation.install(lambda _request, _action: True)
    links = navigation.links(RequestFactory().get("/gallery/"))
    assert [(link.label, link.is_current) for link in links] == [("Sign in", False), ("Components", True)]


def test_nobody_sees_anything_before_a_policy_decides() -> None:
    navigation.register(NavEntry("Components", "web:gallery", "swatch", Action.SEE_GALLERY))
    assert navigation.links(RequestFactory().get("/")) == ()


def test_an_entry_is_hidden_from_those_who_may_not() -> None:
    navigation.register(NavEntry("Components", "web:gallery", "swatch", Action.SEE_GALLERY))
    navigation.install(lambda _request, action: action is Action.SEE_HOME)
    assert navigation.links(RequestFactory().get("/")) == ()


def test_entries_behind_the_name_stand_apart() -> None:
    navigation.register(NavEntry("Account", "account_login", "user", Action.OWN_ACCOUNT, place=Place.PERSON))
    navigation.install(lambda _request, _action: True)
    request = RequestFactory().get("/")
    assert navigation.links(request) == ()
    assert [link.label for link in navigation.links(request, Place.PERSON)] == ["Account"]


def test_the_start_page_is_current_only_on_itself() -> None:
    assert navigation._current("/gallery/", ["/", "/gallery/"]) == "/gallery/"
    assert navigation._current("/other/", ["/", "/gallery/"]) == ""
    assert navigation._current("/", ["/", "/gallery/"]) == "/"
