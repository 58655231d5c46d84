"""Which addresses may be reached."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.kernel.outbound import AddressRefused, Reach
from allotment.kernel.outbound.addresses import checked_url, is_allowed

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd00::1",
    "64:ff9b::7f00:1",
]
NEVER = [
    "0.0.0.0",  # noqa: S104 - refused
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "2002:7f00:1::",
    "::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "not an address",
]


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(address, Reach.PUBLIC)
    assert is_allowed(address, Reach.LOCAL)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_permission(address: str) -> None:
    assert not is_allowed(address, Reach.PUBLIC)
    assert is_allowed(address, Reach.LOCAL)


def test_site_local_addresses_are_not_public() -> None:
    assert not is_allowed("fec0::1", Reach.PUBLIC)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_reached(address: str) -> None:
    assert not is_allowed(address, Reach.PUBLIC)
    assert not is_allowed(address, Reach.LOCAL)


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_ipv4_address_inside_an_ipv6_address_gains_nothing(inner: IPv4Address) -> None:
    for address in (f"::ffff:{inner}", f"::{inner}", f"64:ff9b::{inner}"):
        assert is_allowed(str(inner), Reach.PUBLIC) or not is_allowed(address, Reach.PUBLIC)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "example.org",
        "https://",
        "https://me:secret@example.org/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:7f00:1]/",
        "http://１２７.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[",
    ],
)
def test_urls_that_are_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        checked_url(url, Reach.PUBLIC)
    assert caught.value.hint
    assert not caught.value.retryable
