"""The disk full at any moment of trading, and free again; one of the campaigns of `make chaos`.

Each trial trades on a small disk that is filled to the last block at random moments. Whatever is refused then is
refused as a temporary error; what was accepted is decided once and sent once, and everything ends flat.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from fund_pipeline.errors import TemporaryError
from fund_pipeline.execution import follow, submit_intents
from fund_pipeline_tests.campaigns import Fault, Outcome
from fund_pipeline_tests.decisions.floor import Floor, found, leg
from fund_pipeline_tests.decisions.scenarios import sized
from fund_pipeline_tests.disks.small import fill, free, may_mount, small_disk
from fund_pipeline_tests.floors import founded_on_sqlite, places_on_sqlite
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.kills.proof import faults_of

SECOND = timedelta(seconds=1)
STEPS = 40
SYMBOLS = ("AAPL", "KO", "MSFT")
PASSES = 12


class OnSmallDisk(Floor):
    """A trading floor whose disk fills up. `accepted` are the signals that were answered."""

    def __init__(self, url: str, home: Path) -> None:
        super().__init__(url, home)
        self.accepted: list[str] = []
        self.entries: list[str] = []
        self.refused: Counter[str] = Counter()

    def step(self, chance: random.Random) -> None:
        """A signal, a pass, or time; what the disk refuses is counted."""
        act = chance.choice([self.enter, self.enter, self.leave, self.pass_over, self.pass_over, self.pass_over])
        try:
            act(chance)
        except TemporaryError:
            self.refused[act.__name__] += 1
        self.now += chance.choice([1, 5, 40]) * SECOND

    def enter(self, chance: random.Random) -> None:
        """An entry of a few shares, sometimes with a stop."""
        fields = {"stop_loss": 70} if chance.random() < 0.3 else {}
        legs = leg("BUY", chance.randint(1, 5), chance.choice(SYMBOLS), **fields)
        self.entries.append(self._accept(sized("ENTRY", legs, at=self.now)))

    def leave(self, chance: random.Random) -> None:
        """An exit of one of the entries, which is told to leave once: a second time it would name what is not there."""
        if self.entries:
            entry = chance.choice(self.entries)
            self._accept(sized("EXIT", at=self.now, entry_signal_id=entry))
            self.entries.remove(entry)

    def pass_over(self, _chance: random.Random) -> None:
        """What a run does."""
        with suppress(TemporaryError):
            self.quote_all()
        self.decide()
        submit_intents(self.ledger, self.brokers, self.clock)
        follow(self.ledger, self.brokers, self.clock)

    def quote_all(self) -> None:
        """Quote everything anew, so that entries are sized."""
        self.price(**dict.fromkeys(SYMBOLS, "100"))

    def end(self) -> None:
        """With room again, leave everything and work it off."""
        for entry in self.entries:
            self._accept(sized("EXIT", at=self.now, entry_signal_id=entry))
        for _ in range(PASSES):
            self.quote_all()
            self.work()
            self.pass_time(seconds=60)

    def _accept(self, payload: dict[str, object]) -> str:
        self.accepted.append(self.send(payload))
        return self.accepted[-1]


def trade_on(disk: Path, template: Path, seed: int) -> tuple[list[str], Counter[str]]:
    """Trade while the disk is full now and then; what is wrong afterwards, and what was refused meanwhile."""
    chance = random.Random(seed)
    with places_on_sqlite(template, disk, OnSmallDisk) as make:
        floor = make()
        floor.quote_all()
        for _ in range(STEPS):
            if chance.random() < 0.4:
                fill(disk, chance.choice([0, 0, 4096, 16_384, 65_536]))
            elif chance.random() < 0.5:
                free(disk)
            floor.step(chance)
        free(disk)
        floor.end()
        wrong = faults_of(floor)
        if floor.positions() or floor.at_broker():
            wrong.append(f"not flat at the end: {floor.positions()}, at the broker {floor.at_broker()}")
        return wrong, floor.refused


def run(first_seed: int, trials: int, tell: Callable[[Fault], None]) -> Outcome:
    """So many small disks. See `Campaign`."""
    if not may_mount():
        return Outcome((), "skipped: only root may mount a small disk")
    faults: list[Fault] = []
    refused: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="disks-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUND_AUDIT_KEY", AUDIT_KEY)
        template = founded_on_sqlite(Path(folder) / "ledger.sqlite", found)
        for seed in range(first_seed, first_seed + trials):
            with small_disk() as disk:
                try:
                    wrong, more = trade_on(disk, template, seed)
                except Exception as escaped:  # noqa: BLE001 - whatever it is, it is what the campaign looks for
                    wrong, more = [f"{type(escaped).__name__}: {escaped}"], Counter()
            refused += more
            for one in wrong:
                faults.append(Fault(seed, one))
                tell(faults[-1])
    return Outcome(tuple(faults), f"{trials} disks of {STEPS} steps, refused while full: {dict(refused)}")
