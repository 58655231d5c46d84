"""Fills the installation of this process: `python -m benchmarks.populating APPS RUNS` prints who may sign in.

Apps go through the capabilities people use; runs are copies of one past run, spread over all apps and people.
"""

import json
import secrets
import sys
from datetime import timedelta
from uuid import UUID

from allotment.site.starting import start_django

start_django()

from django.db import transaction  # noqa: E402 - features need Django started

from allotment.composition.demo.week import EXAMPLE_MODEL  # noqa: E402
from allotment.composition.preparing import prepare  # noqa: E402
from allotment.engine.principals import Actor, Role  # noqa: E402
from allotment.kernel import clock  # noqa: E402
from allotment.microapps import making, publishing, reviewing, saving  # noqa: E402
from allotment.microapps.queries import app_for, review  # noqa: E402
from allotment.microapps.releasing import WantedReach  # noqa: E402
from allotment.microapps.starters import all_starters  # noqa: E402
from allotment.microapps.states import Audience  # noqa: E402
from allotment.people.inviting import Invitation, invite  # noqa: E402
from allotment.people.joining import make_space  # noqa: E402
from allotment.people.queries import actor_of  # noqa: E402
from allotment.people.setting_up import NewAccount, use_link  # noqa: E402
from allotment.runs.multiplying import Copy, multiply  # noqa: E402
from allotment.runs.planting import PastRun, plant  # noqa: E402

_PEOPLE = 8
_WAITING = 20
"""Every so manieth app that needs a review still waits for it."""
_NOTES = {"notes": "Done: 14 plots measured. Problem: the pump is broken. Next week: order a new one."}
_REPORT = {"report": "This week 14 plots were measured. The pump is broken; a new one is ordered next week."}
_STARTER = "weekly-report-from-notes"


def main() -> None:
    """Fill, and say with what."""
    wanted_apps, wanted_runs = int(sys.argv[1]), int(sys.argv[2])
    prepare()
    password = secrets.token_urlsafe(16)
    with transaction.atomic():
        space = make_space(None, "Measuring")
        people = [_person(number, space, password) for number in range(_PEOPLE)]
        apps = [
            _app(people[number % _PEOPLE], people[(number + 1) % _PEOPLE], number)
            for number in range(max(2, wanted_apps))
        ]
    run = plant(apps[0], people[0], PastRun(clock.now() - timedelta(days=90), _NOTES, _REPORT), EXAMPLE_MODEL)
    ids = [person.person for person in people]
    start = clock.now() - timedelta(days=89)
    step = timedelta(days=88) / max(1, wanted_runs)
    multiply(
        run,
        (
            # Every third run is of one person's one app, so that the longest lists are long.
            Copy(
                apps[0 if n % 3 == 0 else n % len(apps)],
                ids[0 if n % 3 == 0 else n % _PEOPLE],
                start + n * step,
            )
            for n in range(wanted_runs)
        ),
    )
    told = {
        "password": password,
        "people": [f"p{number}@example.org" for number in range(_PEOPLE)],
        "app": app_for(people[0], apps[0]).slug,
        "run": str(run),
        "fields": _NOTES,
    }
    print(json.dumps(told))


def _person(number: int, space: UUID, password: str) -> Actor:
    """Make a person who holds every role, so that every page opens and shows the most it can."""
    email, name = f"p{number}@example.org", f"Person {number}"
    link = invite(None, Invitation(name, email, frozenset(Role), frozenset({space})))
    return actor_of(use_link(link.secret, NewAccount(name, email, password)))


def _app(owner: Actor, reviewer: Actor, number: int) -> UUID:
    """Make and publish an app; every tenth stays a draft and some wait for a review. The first is measured."""
    starters = all_starters()
    starter = _STARTER if number == 0 else starters[number % len(starters)].name
    app = making.make_from_starter(owner, starter)
    plain = {**app.working_plain, "title": f"{app.title} {number}"}
    saving.save_working(app.id, owner, plain, app.working_revision)
    if number % 10 != 9:
        saving.save_version(app.id, owner)
        asked = publishing.publish(app.id, owner, WantedReach(Audience.ORGANISATION)).review
        if asked is not None and number % _WAITING:
            reviewing.approve(asked, reviewer, review(asked).digest)
    return app.id


if __name__ == "__main__":
    main()
