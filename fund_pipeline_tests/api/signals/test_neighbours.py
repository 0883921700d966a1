"""An API that listens beyond this machine speaks with its proxies only."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse

from fund_pipeline.api.neighbours import Neighbours
from fund_pipeline.errors import ConfigurationError
from fund_pipeline.settings import load_settings

APP = Neighbours(PlainTextResponse("here"), ["172.30.57.0/24", "fd00::/8"])


def _asked(peer: str, **headers: str) -> int:
    async def asking() -> httpx.Response:
        transport = httpx.ASGITransport(APP, client=(peer, 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.get("/", headers=headers)

    return asyncio.run(asking()).status_code


@pytest.mark.parametrize(
    ("peer", "status"),
    [
        ("172.30.57.1", 200),
        ("127.0.0.1", 200),
        ("::1", 200),
        ("fd00::7", 200),
        ("::ffff:172.30.57.1", 200),
        ("::ffff:127.0.0.1", 200),
        ("172.30.58.1", 403),
        ("::ffff:172.30.58.1", 403),
        ("2001:db8::1", 403),
        ("no-address", 403),
    ],
)
def test_only_proxies_and_this_machine_are_answered(peer: str, status: int) -> None:
    assert _asked(peer) == status


def test_nobody_gets_in_by_saying_where_it_is() -> None:
    assert _asked("198.51.100.1", **{"X-Forwarded-For": "127.0.0.1"}) == 403


def test_to_listen_beyond_this_machine_its_proxies_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUND_API_HOST", "0.0.0.0")
    with pytest.raises(ConfigurationError, match=r"FUND_API_HOST.*FUND_TRUSTED_PROXIES"):
        load_settings(Path("no-such-file"))
    monkeypatch.setenv("FUND_TRUSTED_PROXIES", "172.30.57.0/24")
    assert load_settings(Path("no-such-file")).api_host == "0.0.0.0"
