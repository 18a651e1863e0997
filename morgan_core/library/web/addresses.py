"""Which internet addresses are public, so that a page's address leads to no machine of ours."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# Written out, because the standard library's answer differs between patch releases of Python.
_IPV4 = tuple(
    (IPv4Network(network), why)
    for network, why in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "of a provider's inner network"),
        ("127.0.0.0/8", "of this machine"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "reserved"),
        ("198.51.100.0/24", "reserved"),
        ("203.0.113.0/24", "reserved"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_IPV6 = tuple(
    (IPv6Network(network), why)
    for network, why in (
        ("::/128", "unspecified"),
        ("::1/128", "of this machine"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
        # Within the global unicast range: tunnels (Teredo, 6to4) and what is for protocols.
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "reserved"),
        ("2002::/16", "of a tunnel"),
        ("3fff::/20", "reserved"),
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_HOLDING_IPV4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""IPv4-mapped addresses, and those of NAT64, through which networks without IPv4 reach it."""


def why_not_public(address: str) -> str:
    """What ``address`` (IPv4 or IPv6, perhaps with a zone) is if not public, like ``private``;
    empty for a public one. By the IANA special-purpose address registries (RFC 6890)."""
    ip = ip_address(address.partition("%")[0])
    return _why_not_ipv4(ip) if isinstance(ip, IPv4Address) else _why_not_ipv6(ip)


def _why_not_ipv4(ip: IPv4Address) -> str:
    return next((why for network, why in _IPV4 if ip in network), "")


def _why_not_ipv6(ip: IPv6Address) -> str:
    if any(ip in network for network in _HOLDING_IPV4):
        return _why_not_ipv4(IPv4Address(int(ip) & 0xFFFFFFFF))
    if why := next((why for network, why in _IPV6 if ip in network), ""):
        return why
    return "" if ip in _GLOBAL_UNICAST else "reserved"
