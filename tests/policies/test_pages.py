"""The page “Who may do what here”."""

import pytest
from django.test import Client

from allotment.policies import rulebook
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


def test_every_rule_stands_there_with_its_sentence_and_its_text(client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=("auditor",))
    page = client.get("/policies/").content.decode()
    for rule in rulebook.installed().rules.values():
        assert f'id="{rule.id}"' in page
    assert "Nobody approves a template version they wrote." in page
    assert "Ask another steward to look at it." in page
    assert "resource.author == principal.person" in page


def test_searching_finds_rules_by_their_words(client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=("officer",))
    page = client.get("/policies/", {"q": "author approves"}).content.decode()
    assert 'id="no-approval-by-author"' in page
    assert 'id="make-apps"' not in page


def test_searching_in_vain_says_what_that_means(client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=("officer",))
    assert "No rule speaks of this" in client.get("/policies/", {"q": "zebra"}).content.decode()
