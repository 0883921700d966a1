"""Addresses of peers, each in one form only."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address


def peer_address(text: str | None) -> IPv4Address | IPv6Address | None:
    """The address of a peer; None where it is none.

    One that listens on `::` sees 192.0.2.1 as ::ffff:192.0.2.1 (RFC 4291, section 2.5.5.2): it is the former here.
    """
    try:
        found = ip_address(text or "")
    except ValueError:
        return None
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found
