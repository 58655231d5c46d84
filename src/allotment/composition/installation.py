"""One running installation: what is opened at the start of a process and closed at its end, in order."""

from collections.abc import Iterator
from contextlib import contextmanager

import anyio
from anyio.from_thread import BlockingPortal
from django.db import connections

from allotment.composition import drafting
from allotment.composition.directory import ModelDirectory
from allotment.engine.gate.gate import Gate
from allotment.engine.gate.watching import watching
from allotment.journal.writing import JournalWriter
from allotment.kernel import portal as kernel_portal
from allotment.kernel.errors import Misconfigured
from allotment.kernel.outbound import Outbound
from allotment.kernel.settings import settings
from allotment.llms import providers
from allotment.policies.budgets.leasing import Budgets
from allotment.policies.gatekeeping import CedarAuthoriser
from allotment.runs import durable, gatehouse

_PATIENCE_SECONDS = 4


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
        self._outbound: Outbound | None = None
        self._writer: JournalWriter | None = None
        self._budgets: Budgets | None = None

    async def open_here(self, portal: BlockingPortal) -> None:
        """Open everything on the running event loop."""
        kernel_portal.use(portal)
        kernel_portal.guard_with(_refuse_inside_transaction)
        self._outbound = Outbound()
        providers.use_outbound(self._outbound)
        self._writer = JournalWriter()
        self._writer.start()
        self._budgets = Budgets()
        await self._budgets.start()
        gatehouse.use(Gate(CedarAuthoriser(), self._budgets, ModelDirectory(), self._writer, watching()))
        drafting.install()
        await anyio.to_thread.run_sync(durable.launch, settings())

    async def close_here(self) -> None:
        """Close in the reverse order; runs that are not done resume at the next start."""
        await anyio.to_thread.run_sync(durable.close, _PATIENCE_SECONDS)
        gatehouse.use(None)
        if self._budgets is not None:
            await self._budgets.stop()
        if self._writer is not None:
            await anyio.to_thread.run_sync(self._writer.stop)
        await providers.stop()
        if self._outbound is not None:
            await self._outbound.close()
        kernel_portal.use(None)


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
