"""The HTTP API as a child for as long as something needs it, on a free port, and gone with whoever started it."""

from __future__ import annotations

import json
import os
import secrets
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fund_pipeline.errors import FundError
from fund_pipeline.services import guard
from fund_pipeline.settings import Settings

START_SECONDS = 60.0
_LOG = "own_api.log"


class OwnApi:
    """An API that is starting, or up."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log
        self._url = ""

    def url(self) -> str:
        """Its address, once it answers. FundError with the end of its log if it ended, or did not come up in time."""
        if not self._url:
            self._url = self._told()
        return self._url

    def _told(self) -> str:
        output = self._process.stdout
        if output is None:
            raise FundError("the API has no output", remedy="report this to a developer")
        line = output.readline() if select.select([output], [], [], START_SECONDS)[0] else ""
        if not line:
            words = self._log.read_text(errors="replace").strip()[-2000:]
            raise FundError(f"the API did not start. The end of {self._log}:\n{words}", remedy="correct that")
        values: dict[str, str] = json.loads(line)
        if "url" not in values:
            raise FundError(f"the API did not start: {values.get('message')}", remedy=str(values.get("remedy")))
        return values["url"]


@contextmanager
def own_api(settings: Settings) -> Iterator[OwnApi]:
    """Start the API over the home of these settings; it starts while the block does something else.

    When the block is left, however that is, the API is asked to stop and waited for. If this process is killed, the
    guard does so.
    """
    logs = settings.root / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(16)
    with (logs / _LOG).open("wb") as log, _guard(token, log) as watcher:
        child = subprocess.Popen(
            [sys.executable, "-m", "fund_pipeline.cli", "api", "--port", "0", "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "FUND_HOME": str(settings.root), guard.TOKEN: token, "PYTHONUNBUFFERED": "1"},
            process_group=watcher.pid,
            text=True,
        )
        with child:
            try:
                yield OwnApi(child, logs / _LOG)
            finally:
                watcher.communicate()  # it ends the API, and kills it if it does not stop in time


def _guard(token: str, log: BinaryIO) -> subprocess.Popen[bytes]:
    # A group of its own: a Ctrl-C in the terminal reaches this process alone, which then stops the API in order.
    return subprocess.Popen(
        [sys.executable, "-I", guard.__file__, token, str(guard.GRACE_SECONDS)],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        process_group=0,
    )
