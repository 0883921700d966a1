"""The nightly job on the sample data: seconds from the command to the pending recommendation, set-up excluded.

``python -m benchmarks.nightly`` sets up a home in a temporary folder, then times `fund nightly` in fresh processes: the
first run reads every file, a later one finds them unchanged.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNS = 3
AIM_SECONDS = 20


def fund(home: Path, *arguments: str) -> str:
    """Run the command in a home; its standard output."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("FUND_", "DAGSTER_"))}
    command = [sys.executable, "-c", "from fund_pipeline.cli.main import main; main()", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment | {"FUND_HOME": str(home)}, capture_output=True, text=True, check=True
    )
    return done.stdout


def night() -> tuple[float, float, float]:
    """Seconds from the command to PENDING_APPROVAL, to the command's end, and of a second run on the same files."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fund(home, "ledger", "upgrade")
        fund(home, "registry", "import", "data/registry.yaml")
        began = time.time()
        told = json.loads(fund(home, "nightly", "--json"))
        ended = time.time()
        pending = datetime.fromisoformat(told["recommendations"][0]["created_at"]).timestamp()
        again = time.time()
        fund(home, "nightly", "--json")
        return pending - began, ended - began, time.time() - again


def main() -> None:
    """Run several nights and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    nights = [night() for _ in range(parser.parse_args().runs)]
    pending, whole, again = (statistics.median(column) for column in zip(*nights, strict=True))
    print(f"nine sample strategies, {len(nights)} runs, medians in seconds (aim: under {AIM_SECONDS})")
    print(f"command to PENDING_APPROVAL          {pending:6.1f}")
    print(f"command to its end, with all checks  {whole:6.1f}")
    print(f"the same again, files unchanged      {again:6.1f}")


if __name__ == "__main__":
    main()
