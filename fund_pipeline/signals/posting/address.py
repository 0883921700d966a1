"""Where a passphrase may be sent to."""

from __future__ import annotations

from ipaddress import ip_address

import httpx

from fund_pipeline.errors import InputError


def checked_url(text: str) -> httpx.URL:
    """The service's address, or InputError: what is no address, or would carry a passphrase through a network in clear.

    HTTPS goes anywhere, plain HTTP to this machine only.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as wrong:
        raise InputError(f"that is no address of a service: {wrong}", remedy="give one as https://HOST") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise InputError("that is no address of a service", remedy="give one as https://HOST or http://127.0.0.1:8000")
    if url.userinfo or url.query or url.fragment:
        raise InputError(
            "the address holds more than scheme, host, port and path",
            remedy="leave the rest out; a passphrase comes from the environment variable named with --passphrase-env",
        )
    if url.scheme == "http" and not is_this_machine(url):
        raise InputError(
            f"{url.host} is another machine, and plain HTTP would show the passphrase to the network between",
            remedy="give its https:// address, or run the command on that machine",
        )
    return url


def is_this_machine(url: httpx.URL) -> bool:
    """Whether nothing sent there leaves this machine: a loopback address, or `localhost`."""
    try:
        return ip_address(url.host).is_loopback
    except ValueError:
        return url.host == "localhost"
