"""Strangers that connect and say little hold no door open."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

import pytest
import uvicorn
from fastapi import FastAPI, Request

from fund_pipeline.api.body_limit import BodyLimit
from fund_pipeline.api.crowd import MOST_CONNECTIONS, Crowd, Visitor, most_connections
from fund_pipeline.api.envelope import Envelope

SOON, NEVER = 0.05, 600.0
WHOLE = b"POST / HTTP/1.1\r\nHost: api\r\nContent-Length: 2\r\n\r\n{}"
BEGUN = b"POST / HTTP/1.1\r\nHost: api\r\nContent-Length: 60000\r\n\r\n{"


@asynccontextmanager
async def door(crowd: Crowd, body_seconds: float = NEVER) -> AsyncIterator[int]:
    """The port of a server with this crowd, whose one path answers when the whole body is there."""
    app = FastAPI()
    app.add_middleware(BodyLimit, answers={}, seconds=body_seconds)
    app.add_middleware(Envelope)

    @app.post("/")
    async def take(request: Request) -> int:
        return len(await request.body())

    config = uvicorn.Config(app, http=cast(Any, partial(Visitor, crowd)), ws="none", log_config=None, lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    loop = asyncio.get_running_loop()
    made = partial(cast(Any, config.http_protocol_class), config=config, server_state=server.server_state, app_state={})
    listener = await loop.create_server(made, "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()


async def said(port: int, text: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has sent this."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    await writer.drain()
    return reader, writer


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What came until the other side closed; also where it closed without a word."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def accepted(port: int) -> bytes:
    """The first line of the answer to a whole request."""
    reader, writer = await said(port, WHOLE)
    line = await reader.readline()
    writer.close()
    return line


@pytest.mark.parametrize("text", [b"", b"POST / HT", WHOLE[:-4]], ids=["nothing", "a line", "a head"])
def test_whoever_does_not_end_the_head_of_a_request_is_dropped(text: bytes) -> None:
    async def trying() -> bytes:
        async with door(Crowd(10, SOON)) as port, asyncio.timeout(30):
            reader, _writer = await said(port, text)
            return await ended(reader)

    assert asyncio.run(trying()) == b""


def test_a_body_that_does_not_come_is_408_and_the_connection_closed() -> None:
    async def trying() -> bytes:
        async with door(Crowd(10, NEVER), SOON) as port, asyncio.timeout(30):
            reader, _writer = await said(port, BEGUN)
            return await ended(reader)

    answer = asyncio.run(trying())
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"TOO_SLOW" in answer


@pytest.mark.parametrize("text", [b"", BEGUN], ids=["idle", "half a body"])
def test_in_a_full_house_whoever_says_little_goes_before_whoever_asks(text: bytes) -> None:
    async def trying() -> tuple[bytes, int]:
        crowd = Crowd(5, NEVER)
        async with door(crowd) as port, asyncio.timeout(30):
            strangers = [await said(port, text) for _ in range(20)]
            answer, most = await accepted(port), len(crowd)
            for _, writer in strangers:
                writer.transport.abort()
            return answer, most

    answer, most = asyncio.run(trying())
    assert answer.startswith(b"HTTP/1.1 200")
    assert most <= 5


def test_half_of_the_files_stay_for_the_ledger_and_the_spool(monkeypatch: pytest.MonkeyPatch) -> None:
    for soft, most in ((1024, 512), (1_000_000, MOST_CONNECTIONS), (resource.RLIM_INFINITY, MOST_CONNECTIONS)):
        monkeypatch.setattr(resource, "getrlimit", lambda _kind, soft=soft: (soft, soft))
        assert most_connections() == most
