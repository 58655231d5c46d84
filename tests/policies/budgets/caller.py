"""A process of its own that asks for room: many callers on one event loop, with random latencies.

Run with a JSON argument; prints one JSON line. `hang` keeps a call open until the process is killed.
"""

import asyncio
import json
import os
import random
import sys
import time
from dataclasses import asdict, dataclass, field

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "allotment.site.django_settings")

import django
from django.conf import settings

CHANCE = random.SystemRandom()


@dataclass
class Task:
    database: dict
    callers: int = 32
    calls: int = 20
    estimate: int = 100
    uses: list = field(default_factory=lambda: [20, 100])
    money: int = 0
    hang: bool = False
    pause: float = 0.002


@dataclass
class Result:
    passed: int = 0
    refused: int = 0
    tokens: int = 0
    money: int = 0
    spans: list = field(default_factory=list)
    rules: dict = field(default_factory=dict)


def be_patient(database: dict) -> None:
    """Wait as long for the others' locks as a slow machine needs: what is tried here is who gets what, not when."""
    if "init_command" in database.get("OPTIONS", {}):
        database["OPTIONS"]["timeout"] = 60
        database["OPTIONS"]["init_command"] += " PRAGMA busy_timeout=60000;"


async def main(task: Task) -> Result:
    from allotment.policies.budgets.leasing import Budgets

    budgets, result = Budgets(), Result()
    await budgets.start()
    if task.hang:
        await hang(budgets, task)
    async with asyncio.TaskGroup() as group:
        for _ in range(task.callers):
            group.create_task(call(budgets, task, result))
    await budgets.stop()
    return result


async def hang(budgets, task: Task) -> None:
    from allotment.engine.gate.ports import Demand
    from tests.engine.gate.calls import model, passage

    for _ in range(task.calls):
        held = await budgets.reserve(passage(), model(), Demand(task.estimate, task.money))
        assert hasattr(held, "settle"), held
    print("holding", flush=True)
    await asyncio.sleep(3600)


async def call(budgets, task: Task, result: Result) -> None:
    from allotment.engine.asking import Usage
    from allotment.engine.gate.limits import Hold
    from allotment.engine.gate.ports import Demand
    from tests.engine.gate.calls import model, passage

    for _ in range(task.calls):
        held = await budgets.reserve(passage(), model(), Demand(task.estimate, task.money))
        if not isinstance(held, Hold):
            result.refused += 1
            result.rules[held.reason] = result.rules.get(held.reason, 0) + 1
            await asyncio.sleep(CHANCE.uniform(0, task.pause))
            continue
        began = time.monotonic()
        await asyncio.sleep(CHANCE.uniform(0, task.pause))
        if CHANCE.random() < 0.05:
            result.spans.append((began, time.monotonic()))
            held.release()
            continue
        tokens, money = CHANCE.randint(*task.uses), CHANCE.randint(0, task.money)
        result.passed, result.tokens = result.passed + 1, result.tokens + tokens
        result.money += money
        result.spans.append((began, time.monotonic()))
        held.settle(Usage(tokens, 0), money)


if __name__ == "__main__":
    task = Task(**json.loads(sys.argv[1]))
    settings.DATABASES["default"].update(task.database)
    be_patient(settings.DATABASES["default"])
    django.setup()
    print(json.dumps(asdict(asyncio.run(main(task)))))
