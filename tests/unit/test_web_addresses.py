"""Only addresses of the public internet count as public."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.library.web.addresses import why_not_public

IPV6 = st.integers(0, 2**128 - 1).map(IPv6Address)
# Most random addresses are in no special range; these begin like the special ones.
NEAR_SPECIAL = st.builds(
    lambda head, tail: IPv6Address((head << 96) | tail),
    st.sampled_from(
        [0, 0xFE800000, 0xFC000000, 0xFF020000, 0x20010000, 0x20010DB8, 0x20020000, 0x0064FF9B]
    ),
    st.integers(0, 2**96 - 1),
)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.251",
        "255.255.255.255",
        "192.0.0.8",
        "198.18.0.1",
        "::",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "fd00:ec2::254",
    ],
)
def test_addresses_within_our_walls_are_not_public(address: str) -> None:
    assert why_not_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::6810:84e5", "64:ff9b::808:808"],
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert why_not_public(address) == ""


@given(st.one_of(st.integers(0, 2**32 - 1).map(IPv4Address), IPV6, NEAR_SPECIAL))
def test_no_address_is_public_that_the_standard_library_calls_private(
    address: IPv4Address | IPv6Address,
) -> None:
    if why_not_public(str(address)):
        return
    inner = ip_address(int(address) & 0xFFFFFFFF) if _holds_ipv4(address) else address
    assert not (
        inner.is_private
        or inner.is_loopback
        or inner.is_link_local
        or inner.is_multicast
        or inner.is_reserved
        or inner.is_unspecified
    )


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_ipv4_address_is_judged_alike_in_whatever_ipv6_address_holds_it(
    address: IPv4Address,
) -> None:
    for prefix in (0xFFFF << 32, 0x0064FF9B << 96):
        held = IPv6Address(prefix | int(address))
        assert why_not_public(str(held)) == why_not_public(str(address))


def _holds_ipv4(address: IPv4Address | IPv6Address) -> bool:
    return isinstance(address, IPv6Address) and int(address) >> 32 in (0xFFFF, 0x0064FF9B << 64)
