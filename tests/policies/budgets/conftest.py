"""Budgets for tests, and processes that use them up."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from django.db import connection, connections

from allotment.engine.gate.budgets import Measure, Period, Scope
from allotment.policies.budgets.leasing import Budgets
from allotment.policies.models import Budget, BudgetRevision
from allotment.web.worker_threads import database_work

ROOT = Path(__file__).parents[3]


@pytest.fixture
def budget(transactional_db: None) -> Callable[..., Budget]:
    """Return `budget(measure, period, limit, scope=…, of=…)`, which sets one in place of the usual ones."""

    def make(
        measure: Measure, period: Period, limit: int | None, scope: Scope = Scope.PERSON, of: str = ""
    ) -> Budget:
        BudgetRevision.objects.get_or_create(id=1)
        return Budget.objects.create(
            scope=scope.value, object=of, measure=measure.value, period=period.value, limit=limit
        )

    return make


async def in_thread(work: Callable[[], Any]) -> Any:
    """Do database work beside the event loop, and leave no connection behind."""

    def done() -> Any:
        with database_work():
            return work()

    return await anyio.to_thread.run_sync(done)


def with_budgets(use: Callable[[Budgets], Awaitable[Any]]) -> Any:
    """Run `use` with a started limiter on a loop of its own."""

    async def run() -> Any:
        budgets = Budgets()
        await budgets.start()
        try:
            return await use(budgets)
        finally:
            await budgets.stop()

    try:
        return asyncio.run(run())
    finally:
        connections.close_all()


def start_caller(**task: Any) -> subprocess.Popen[str]:
    """Start a process that makes calls against the test's database."""
    database = {key: str(connection.settings_dict[key]) for key in ("NAME", "USER", "HOST", "PORT")}
    arguments = json.dumps({"database": database, **task})
    path = f"{ROOT / 'src'}{os.pathsep}{ROOT}"
    return subprocess.Popen(
        [sys.executable, "-m", "tests.policies.budgets.caller", arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )


def results(processes: list[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    """Return what each process says at its end."""
    said = [process.communicate(timeout=90)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [json.loads(text.splitlines()[-1]) for text in said]
