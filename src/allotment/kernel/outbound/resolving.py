"""Name resolution with the address check inside it.

Invariant: the client connects only to what `CheckedResolver` returned, and that is allowed addresses only,
so a name that changes its address between check and use (DNS rebinding) gains nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from aiohttp.abc import AbstractResolver, ResolveResult  # noqa: TID251 - the outbound client

from allotment.kernel.outbound.addresses import Reach, is_allowed

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""Resolve a host name to literal addresses; raises OSError."""


class OutOfReach(OSError):
    """A name led to a refused address. An OSError, so that the client's machinery carries it out whole."""


async def system_lookup(host: str) -> Sequence[str]:
    """Ask the operating system."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedResolver(AbstractResolver):
    """Resolves names and refuses those that lead to an address outside `reach`, even among others."""

    def __init__(self, reach: Reach, lookup: Lookup) -> None:
        self._reach = reach
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the checked addresses of `host`."""
        addresses = await self._lookup(host)
        if not all(is_allowed(address, self._reach) for address in addresses):
            raise OutOfReach(f"{host} leads to a refused address")
        results = [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]
        return [result for result in results if family in {socket.AF_UNSPEC, result["family"]}]

    async def close(self) -> None:
        """Hold nothing, so close nothing."""
