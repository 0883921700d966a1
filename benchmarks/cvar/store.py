"""Measurements as a file, so that the page can be rendered again without measuring."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.cvar.measure import Measurement, Peer, Promise

CONTENDERS = ("fund-pipeline", "highspy", "pyportfolioopt", "skfolio", "cvxpy", "clarabel", "scipy", "numpy")


@dataclass(frozen=True)
class Record:
    """All rows of one run, when it ran (UTC), and on what."""

    measured_at: str
    machine: str
    versions: dict[str, str]
    rows: tuple[Measurement, ...]


def record_of(rows: tuple[Measurement, ...]) -> Record:
    return Record(
        measured_at=datetime.now(UTC).isoformat(timespec="minutes"),
        machine=f"{_processor()}, one thread, Python {platform.python_version()}",
        versions={name: version(name) for name in CONTENDERS},
        rows=rows,
    )


def save(record: Record, path: Path) -> None:
    path.write_text(json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load(path: Path) -> Record:
    told = json.loads(path.read_text(encoding="utf-8"))
    return Record(**told | {"rows": tuple(_measurement(row) for row in told["rows"])})


def _measurement(told: dict[str, Any]) -> Measurement:
    promise = told["promise"]
    read = {
        "peers": tuple(Peer(**peer) for peer in told["peers"]),
        "promise": None if promise is None else Promise(**promise),
    }
    return Measurement(**told | read)


def _processor() -> str:
    """The processor's name, from the kernel where it tells one."""
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
