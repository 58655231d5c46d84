"""One running installation: what is opened at the start of a process, in order, and closed in the reverse order."""

import gc
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import anyio
from anyio.from_thread import BlockingPortal
from django.db import connections

from allotment.composition import drafting
from allotment.composition.directory import ModelDirectory
from allotment.composition.snapshot import keeping
from allotment.composition.snapshot.keeping import AGE_LIMIT_SECONDS, Keeper
from allotment.composition.upkeep import Upkeep
from allotment.engine.gate.gate import Gate
from allotment.engine.gate.watching import Freshness, watching
from allotment.journal import changes
from allotment.journal.sequencing import Sequencer
from allotment.journal.writing import JournalWriter
from allotment.kernel import portal as kernel_portal
from allotment.kernel.collecting import collecting_seldom
from allotment.kernel.errors import Misconfigured
from allotment.kernel.outbound import Outbound
from allotment.kernel.private_folders import remove_left_behind
from allotment.kernel.settings import settings
from allotment.llms import providers
from allotment.policies.budgets.leasing import Budgets
from allotment.policies.gatekeeping import CedarAuthoriser
from allotment.runs import durable, gatehouse
from allotment.runs.batches import foreman

_PATIENCE_SECONDS = 4
_in_thread = anyio.to_thread.run_sync


def _refuse_inside_transaction() -> None:
    """No network call inside a database transaction: it would hold locks for as long as the other side likes."""
    if any(connection.in_atomic_block for connection in connections.all(initialized_only=True)):
        raise Misconfigured(
            "A network call was tried inside a database transaction.",
            hint="This is a defect in Allotment; please report it.",
        )


class _Installation:
    """What this process holds open."""

    def __init__(self) -> None:
        self._held = AsyncExitStack()

    async def open_here(self, portal: BlockingPortal) -> None:
        """Open everything on the running event loop; what fails half-way is closed again."""
        async with AsyncExitStack() as opening:
            self._enter_portal(portal, opening)
            await self._reach_out(opening)
            writer = await self._keep_journal(opening)
            await self._keep_database(opening)
            budgets = await self._lease_budgets(opening)
            keeper = await self._know_rights(opening)
            gate = Gate(
                CedarAuthoriser(),
                budgets,
                ModelDirectory(keeper.current),
                writer,
                watching(Freshness(keeper.age, AGE_LIMIT_SECONDS), lambda: writer.can_write),
            )
            keeper.tell_of_connections(gate.breakers.forget)
            gatehouse.use(gate)
            opening.callback(gatehouse.use, None)
            drafting.install()
            opening.callback(drafting.uninstall)
            opening.push_async_callback(_in_thread, durable.close, _PATIENCE_SECONDS)
            await _in_thread(remove_left_behind)
            await _in_thread(durable.launch, settings())
            await self._run_batches(opening)
            opening.enter_context(collecting_seldom())
            self._held = opening.pop_all()
        gc.collect()
        gc.freeze()  # what is loaded by now stays; looking through it again and again would only hold up calls

    async def close_here(self) -> None:
        """Close in the reverse order; runs that are not done resume at the next start."""
        await self._held.aclose()
        gc.unfreeze()  # else what is loaded is not taken apart at exit, and native libraries complain of leaks

    def _enter_portal(self, portal: BlockingPortal, opening: AsyncExitStack) -> None:
        kernel_portal.use(portal)
        opening.callback(kernel_portal.use, None)
        kernel_portal.guard_with(_refuse_inside_transaction)
        opening.callback(kernel_portal.guard_with, None)

    async def _reach_out(self, opening: AsyncExitStack) -> None:
        outbound = Outbound()
        opening.push_async_callback(outbound.close)
        providers.use_outbound(outbound)
        opening.push_async_callback(providers.stop)

    async def _keep_journal(self, opening: AsyncExitStack) -> JournalWriter:
        sequencer = Sequencer()
        await _in_thread(sequencer.start)
        opening.push_async_callback(
            _in_thread, sequencer.stop
        )  # after the writer: what it wrote is signed too
        writer = JournalWriter()
        writer.start()
        opening.push_async_callback(_in_thread, writer.stop)
        return writer

    async def _keep_database(self, opening: AsyncExitStack) -> None:
        upkeep = Upkeep()
        upkeep.start()
        opening.push_async_callback(_in_thread, upkeep.stop)

    async def _lease_budgets(self, opening: AsyncExitStack) -> Budgets:
        budgets = Budgets()
        await budgets.start()
        opening.push_async_callback(budgets.stop)
        return budgets

    async def _run_batches(self, opening: AsyncExitStack) -> None:
        tending = foreman.Foreman()
        tending.start()
        foreman.use(tending)
        opening.push_async_callback(tending.stop, _PATIENCE_SECONDS)
        opening.callback(foreman.use, None)

    async def _know_rights(self, opening: AsyncExitStack) -> Keeper:
        keeper = Keeper()
        await _in_thread(keeper.start)
        opening.push_async_callback(_in_thread, keeper.stop)
        keeping.use(keeper)
        opening.callback(keeping.use, None)
        changes.tell_with(keeper.nudge)
        opening.callback(changes.tell_with, None)
        return keeper


installation = _Installation()


@contextmanager
def opened() -> Iterator[None]:
    """Open the installation in a process without a server (command line, demo)."""
    with kernel_portal.own_loop() as portal:
        portal.call(installation.open_here, portal)
        try:
            yield
        finally:
            portal.call(installation.close_here)
