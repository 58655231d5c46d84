"""Budgets for tests, and processes that use them up."""

import asyncio
import json
import os
import subprocess
import sys
import time
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
_PATIENCE_SECONDS = 250
_DAY_SECONDS = 86_400


@pytest.fixture(autouse=True)
def _not_over_midnight() -> None:
    """Wait for the next day where it is about to begin: what is used in a test belongs to one day and one month."""
    left = _DAY_SECONDS - time.time() % _DAY_SECONDS
    if left < 90:
        time.sleep(left + 1)


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


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(60):
        while True:
            if holds():
                return
            await asyncio.sleep(0.02)


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
    try:
        said = [process.communicate(timeout=_PATIENCE_SECONDS)[0] for process in processes]
    finally:
        for process in processes:
            end(process)
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [json.loads(text.splitlines()[-1]) for text in said]


def end(process: subprocess.Popen[str]) -> None:
    """Kill it if it still runs: it would write into the database of the next test, and slow that one down."""
    if process.poll() is None:
        process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
