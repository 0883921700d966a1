"""Which files are the export: one small file, replaced as a whole, names them all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from fund_pipeline.errors import InvariantError
from fund_pipeline.warehouse.export.files import replace_file

NAME = "export.json"


@dataclass(frozen=True)
class Part:
    """The file of one table: its rows, the sum of their revisions, and the newest change among them (UTC, ISO 8601)."""

    file: str
    rows: int
    revisions: int
    newest: str | None


@dataclass(frozen=True)
class Manifest:
    """An export: the moment that the ledger was read at, and the file of every table."""

    schema: int
    as_of: datetime
    parts: Mapping[str, Part] = field(default_factory=dict)


def read_manifest(folder: Path) -> Manifest | None:
    """The export that is there; None before the first. InvariantError where it cannot be read."""
    try:
        values = json.loads((folder / NAME).read_text())
        parts = {name: Part(**part) for name, part in values["parts"].items()}
        return Manifest(int(values["schema"]), datetime.fromisoformat(values["as_of"]), parts)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as damaged:
        raise InvariantError(
            f"{folder / NAME} is damaged: {damaged}", remedy=f"remove the folder {folder}: it is made again"
        ) from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put an export in the place of the former one."""
    values = {
        "schema": manifest.schema,
        "as_of": manifest.as_of.astimezone(UTC).isoformat(),
        "parts": {name: asdict(part) for name, part in manifest.parts.items()},
    }
    replace_file(folder / NAME, lambda path: path.write_text(json.dumps(values, indent=2) + "\n"))
