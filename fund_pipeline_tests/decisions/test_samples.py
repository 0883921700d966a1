"""The sample lists of signals, played in order at the prices they name: each ends flat."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fund_pipeline.signals.digest import json_text
from fund_pipeline.signals.player import Player, read_playlist
from fund_pipeline_tests.decisions.floor import STRATEGY, WEIGHED, Floor
from fund_pipeline_tests.homes import ROOT

FILES = sorted((ROOT / "data" / "signals").glob("*.json"))
CLASSES = {"MTUM": "ETF"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_ends_flat(floor: Floor, path: Path) -> None:
    player = Player(read_playlist(path.read_bytes()), "run", "")
    while not player.finished:
        payload = dict(player.post(floor.now).payload)
        payload["strategy_name"] = WEIGHED if payload["strategy_name"] == "Factor_Rotation" else STRATEGY
        payload |= {"environment": "staging", "passphrase": "none"}
        for one in payload.get("signal_legs") or [payload["signal"]]:
            symbol = one.get("instrument") or one["ticker"]
            floor.market(f"{CLASSES.get(symbol, 'STOCK')}:{symbol}", str(one["price"]))
        player = player.answered(floor.send(_plain(payload)))
        floor.work_off()
        floor.pass_time(seconds=5)
    assert floor.orders() != ()
    floor.assert_flat()


def _plain(payload: dict[str, object]) -> dict[str, object]:
    """Numbers as JSON writes them again."""
    return dict(json.loads(json_text(payload)))
