"""A home of its own for a test, and the `fund` command run in it as a person would."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from fund_pipeline.cli.main import main

ROOT = Path(__file__).parent.parent
SECONDS = 600
"""What nothing takes, however busy the machine: a process that hangs fails its test."""


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Home:
    """An FUND_HOME and further settings."""

    path: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def fund(self, *arguments: str, **settings: str) -> Done:
        """Run `fund ARGUMENTS` inside this process, which saves the time of starting one."""
        out, err = io.StringIO(), io.StringIO()
        code: object = 0
        with (
            patch.dict(os.environ, self.environment(**settings), clear=True),
            patch.object(sys, "argv", ["fund", *arguments]),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as ended:
                code = ended.code or 0
        assert isinstance(code, int)
        return Done(code, out.getvalue(), err.getvalue())

    def process(self, *arguments: str, **settings: str) -> Done:
        """Run `fund ARGUMENTS` as a process of its own and wait for it."""
        done = subprocess.run(
            [sys.executable, "-c", "from fund_pipeline.cli.main import main; main()", *arguments],
            env=self.environment(**settings),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def up(self) -> Iterator[Mapping[str, Any]]:
        """`fund up` as a process of its own for as long as the block lasts; what it says: `url`, `api` and so on."""
        process = subprocess.Popen(
            [sys.executable, "-c", "from fund_pipeline.cli.main import main; main()", "up", "--port", "0", "--json"],
            env=self.environment(),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"`fund up` ended with {process.wait()}; see {self.path / 'logs'}"
            yield json.loads(line)
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)

    def environment(self, **settings: str) -> dict[str, str]:
        """This process's environment without its FUND_* settings, with those of the home."""
        plain = {key: value for key, value in os.environ.items() if not key.startswith(("FUND_", "DAGSTER_"))}
        return plain | {"FUND_HOME": str(self.path), "COLUMNS": "140"} | dict(self.settings) | settings
