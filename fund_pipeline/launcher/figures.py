"""How the warm process is, and how many runs went which way: for people and programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dagster import DagsterInstance, RunsFilter

from fund_pipeline.launcher.asking import ANNOUNCED, STATUS, NoAnswerError, called
from fund_pipeline.launcher.launcher import FELL_BACK_TAG, LAUNCHER_TAG, STOCK, WARM


@dataclass(frozen=True)
class Launching:
    """Figures of the launcher.

    Attributes
    ----------
    warm : what the warm process says of itself; None where none has announced itself.
    problem : why it gives no figures, though it has; None where it does.
    forked, stock, fell_back : runs since the moment asked for; the last are those that the stock launcher took because
        the warm process could not.
    """

    warm: dict[str, Any] | None
    problem: str | None
    forked: int
    stock: int
    fell_back: int


def look(dagster_home: Path, since: datetime) -> Launching:
    """The figures of the Dagster home, with runs created after `since` (UTC)."""
    warm, problem = None, None
    link = dagster_home / ANNOUNCED
    if link.is_symlink():
        try:
            warm = _status(link)
        except NoAnswerError as silent:
            problem = str(silent)
    with DagsterInstance.get() as instance:

        def count(name: str, value: str) -> int:
            return instance.get_runs_count(RunsFilter(tags={name: value}, created_after=since))

        return Launching(
            warm, problem, count(LAUNCHER_TAG, WARM), count(LAUNCHER_TAG, STOCK), count(FELL_BACK_TAG, "true")
        )


def _status(link: Path) -> dict[str, Any]:
    with called(link) as line:
        line.say(STATUS)
        word, rest = line.hear()
    if not word.startswith("{"):
        raise NoAnswerError(f"it says: {word} {rest}".strip())
    told: dict[str, Any] = json.loads(f"{word} {rest}")
    return told
