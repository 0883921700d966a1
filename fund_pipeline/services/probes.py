"""Asking a service whether it is there."""

from __future__ import annotations

import errno
import http.client
import ipaddress
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fund_pipeline.errors import ConfigurationError

_PROBE_SECONDS = 3.0
_LOCATIONS = (
    "{ workspaceOrError { ... on Workspace { locationEntries "
    "{ name loadStatus locationOrLoadError { ... on PythonError { message causes { message } } } } } } }"
)


@dataclass(frozen=True)
class Address:
    """Where the web server, or the API, listens: `host` as bound, `port` in TCP."""

    host: str
    port: int

    @property
    def visible(self) -> str:
        """The host to use from this machine: loopback where every address is bound."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - recognised, not bound

    @property
    def url(self) -> str:
        """The page's address from this machine."""
        return f"http://[{self.visible}]:{self.port}" if ":" in self.visible else f"http://{self.visible}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it. A host name other than localhost counts as public."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def claim(host: str, port: int, *, what: str = "") -> Address:
    """Check that the address can be bound; port 0 takes any free one. `what` is whose, as settings call it: `api`.

    Raises
    ------
    ConfigurationError : the port is taken or not allowed, or the host is not one of this machine's.
    """
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
            return Address(host, probe.getsockname()[1])
    except OSError as refused:
        raise _unusable(host, port, what, refused) from None


def _unusable(host: str, port: int, what: str, refused: OSError) -> ConfigurationError:
    setting, option = (f"FUND_{what.upper()}_", f"--{what}-") if what else ("FUND_", "--")
    named = f"set {setting}PORT or {option}port to"
    if refused.errno == errno.EADDRINUSE:
        return ConfigurationError(
            f"port {port} of {host} is in use by another program",
            remedy=f"{named} a free port",
        )
    if refused.errno == errno.EACCES:
        return ConfigurationError(
            f"port {port} of {host} is not allowed to you",
            remedy=f"{named} one above 1023",
        )
    return ConfigurationError(
        f"{host!r} is no address of this machine: {refused.strerror}",
        remedy=f"set {setting}HOST{'' if what else ' or --host'} to one, such as 127.0.0.1",
    )


def socket_answers(path: Path) -> bool:
    """Whether a server accepts connections on a unix socket. A code server does once it has imported its code."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def is_healthy(address: Address) -> bool:
    """Whether the API answers, and its ledger does."""
    connection = http.client.HTTPConnection(address.visible, address.port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def code_locations(address: Address) -> dict[str, str | None] | None:
    """Ask the web server for its code locations: load error (None if loaded) by name, or None until all are known."""
    connection = http.client.HTTPConnection(address.visible, address.port, timeout=_PROBE_SECONDS)
    try:
        connection.request("POST", "/graphql", json.dumps({"query": _LOCATIONS}), {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    if response.status != http.client.OK:
        return None
    entries = json.loads(answer)["data"]["workspaceOrError"].get("locationEntries", [])
    if not entries or any(entry["loadStatus"] != "LOADED" for entry in entries):
        return None
    return {entry["name"]: _innermost(entry["locationOrLoadError"] or {}) for entry in entries}


def _innermost(error: dict[str, Any]) -> str | None:
    """What went wrong at the bottom; the outer messages only say that loading failed. None for a loaded location."""
    causes = [cause["message"] for cause in error.get("causes", [])]
    return causes[-1] if causes else error.get("message")
