"""dbt, run as a process of its own in a folder that has all it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from fund_pipeline.errors import FundError

LINES = 40
"""Of what dbt said last, when it failed."""


class DbtFailedError(FundError):
    """Whoever changed a model or the ledger must look: a model or a test of the marts failed. Nothing was published."""


def dbt_executable() -> str:
    """The dbt that belongs to this Python."""
    return str(Path(sys.executable).parent / "dbt")


def dbt_environment() -> Mapping[str, str]:
    """The environment that dbt runs in: ours without what could change what it does, and with nothing sent anywhere."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "FUND_"))}
    return plain | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}


def run_dbt(folder: Path, *arguments: str) -> str:
    """Run dbt in a folder; what it said. DbtFailedError with its last lines when it failed."""
    command = [dbt_executable(), *arguments, "--profiles-dir", str(folder), "--project-dir", str(folder)]
    done = subprocess.run(command, cwd=folder, env=dict(dbt_environment()), capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    if done.returncode:
        last = "\n".join(said.splitlines()[-LINES:])
        raise DbtFailedError(
            f"dbt {arguments[0]} failed:\n{last}", remedy="correct what it names; what was published stays"
        )
    return said
