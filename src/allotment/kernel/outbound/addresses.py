"""Which addresses may be reached. Pure: judges addresses and URLs, opens nothing.

Invariant: what cannot be told to be allowed is refused. An IPv6 address that carries an IPv4 address inside
is never a way around the rule for that IPv4 address.
"""

from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from yarl import URL

from allotment.kernel.errors import ProviderError

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1: the last 32 bits are the IPv4 address that is reached
_SHARED = (
    IPv4Address("100.64.0.0"),
    IPv4Address("100.127.255.255"),
)  # RFC 6598: carriers and overlay networks


class Reach(Enum):
    """How far a connection may reach."""

    PUBLIC = "public"
    """Public addresses only."""
    LOCAL = "local"
    """Also this machine and private networks: an administrator allowed it for this connection."""


class AddressRefused(ProviderError):
    """The address is one this connection may not reach."""

    code = "address-refused"


def is_allowed(address: str, reach: Reach) -> bool:
    """Tell whether a socket may be opened to `address` (a literal IP address, possibly with a zone)."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip in _NAT64:
        ip = IPv4Address(int(ip) & 0xFFFFFFFF)
    if _is_never_allowed(ip):
        return False
    return reach is Reach.LOCAL or (ip.is_global and not _is_site_local(ip))


def _is_never_allowed(ip: IPv4Address | IPv6Address) -> bool:
    """Link-local addresses serve cloud credentials; the others name no machine or hide another address."""
    hides_another = isinstance(ip, IPv6Address) and (ip.ipv4_mapped or ip.sixtofour or ip.teredo)
    reserved = ip.is_reserved and not ip.is_loopback
    return bool(hides_another or ip.is_link_local or ip.is_multicast or ip.is_unspecified or reserved)


def _is_site_local(ip: IPv4Address | IPv6Address) -> bool:
    return isinstance(ip, IPv6Address) and ip.is_site_local


@lru_cache(maxsize=256)
def checked_url(url: str | URL, reach: Reach) -> URL:
    """Return `url` parsed, or raise `AddressRefused`. A host name is checked later, when it is resolved.

    The same parsed object goes to the client, so no second parser can read it differently.
    """
    try:
        target = URL(url)
        host = target.raw_host
    except ValueError as error:
        raise AddressRefused("The address is not a web address.", hint=_EXAMPLE) from error
    if target.scheme not in {"http", "https"} or not host:
        raise AddressRefused("The address must start with https:// or http://.", hint=_EXAMPLE)
    if target.user or target.password:
        raise AddressRefused(
            "The address contains a user name or password.", hint="Put the key into its own field."
        )
    if _is_literal(host) and not is_allowed(host, reach):
        raise refused(host, reach)
    return target


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def refused(host: str, reach: Reach) -> AddressRefused:
    """Return the error for a host that leads to an address outside `reach`."""
    if reach is Reach.LOCAL:
        return AddressRefused(
            f"{host} leads to an address that no connection may reach.",
            hint="Use the address of the machine itself, not a link-local, multicast or wildcard address.",
        )
    return AddressRefused(
        f"{host} leads to this machine or a private network, which this connection may not reach.",
        hint="If that is intended, an administrator can set the connection's network to “local”.",
    )


_EXAMPLE = "Write it like https://api.example.com/v1."
