"""Opening the installation in a process, and leaving the process as it was found."""

import gc

import pytest
from django.db import transaction

from allotment.composition.installation import opened
from allotment.kernel import portal
from allotment.kernel.errors import Misconfigured
from allotment.microapps import describing, planning

pytestmark = pytest.mark.django_db(transaction=True)


async def _answer() -> int:
    return 42


def test_an_open_installation_lets_nobody_call_inside_a_transaction() -> None:
    with opened():
        assert portal.call(_answer) == 42
        with transaction.atomic(), pytest.raises(Misconfigured, match="inside a database transaction"):
            portal.call(_answer)


def test_closing_takes_every_switch_of_the_process_back() -> None:
    before = gc.get_threshold()
    with opened():
        assert gc.get_threshold() != before
        assert describing._drafter is not None
    assert gc.get_threshold() == before
    assert describing._drafter is None
    assert planning._ask is None
    with portal.own_loop(), transaction.atomic():
        assert portal.call(_answer) == 42
