"""Slow, half-open and rude connections while signals come in; one of the campaigns of `make chaos`.

Each trial is ten seconds in which strangers hold as many connections as they can: they say nothing, stop in the middle
of a head, send a body byte by byte, or send a whole signal and reset the connection. Who speaks in order is served.
"""

from __future__ import annotations

import json
import random
import selectors
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType

from fund_pipeline.signals.inbox import drain
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.campaigns import Fault, Outcome
from fund_pipeline_tests.front_door.homes import FrontDoor, at_a_front_door, payload
from fund_pipeline_tests.front_door.load import PATH, Load
from fund_pipeline_tests.front_door.proof import faults_of

SECONDS = 10.0
STRANGERS = 1200
"""At once, which is more than the API lets in."""

LEAST = 5
"""Signals in each second that ten senders get accepted, whatever the crowd does."""

_RESET = struct.pack("ii", 1, 0)


class Strangers:
    """A crowd at the door, from a thread of its own, for as long as the block lasts. `came` counts them by kind."""

    def __init__(self, port: int, seed: int) -> None:
        self.came: Counter[str] = Counter()
        self._port, self._seed, self._rng = port, seed, random.Random(seed)
        self._here: list[tuple[socket.socket, bytes]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._crowd)

    def __enter__(self) -> Strangers:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        for each, _ in self._here:
            each.close()

    def _crowd(self) -> None:
        while not self._stop.wait(0.005):
            if len(self._here) < STRANGERS:
                self._come()
            if self._here:
                self._meddle(self._rng.randrange(len(self._here)))

    def _come(self) -> None:
        kind = self._rng.choice(["silent", "half a head", "slow body", "rude"])
        body = json.dumps(payload(f"rude-{self._seed}-{self.came.total()}")).encode()
        whole = f"POST {PATH} HTTP/1.1\r\nHost: api\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        said = {"silent": 0, "half a head": 30, "slow body": len(whole) - len(body) + 1, "rude": len(whole)}[kind]
        try:
            made = socket.create_connection(("127.0.0.1", self._port), 1.0)
            made.sendall(whole[:said])
            if kind == "rude":
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                made.close()
            else:
                self._here.append((made, whole[said:]))
        except OSError:
            self.came["turned away"] += 1
            return
        self.came[kind] += 1

    def _meddle(self, place: int) -> None:
        """One of them says one byte more, or is found to have been shown out."""
        stranger, left = self._here[place]
        try:
            if left:
                stranger.sendall(left[:1])
            self._here[place] = (stranger, left[1:])
            with selectors.DefaultSelector() as ready:
                ready.register(stranger, selectors.EVENT_READ)
                if not ready.select(0) or stranger.recv(65_536):
                    return
        except OSError:
            pass
        stranger.close()
        self._here.pop(place)
        self.came["shown out"] += 1


def crowd_and_prove(here: FrontDoor, seed: int, crowds: int) -> tuple[list[str], str]:
    """Have so many crowds come, one after the other; what is wrong afterwards, and a summary."""
    came: Counter[str] = Counter()
    wrong: list[str] = []
    here.door.open()
    with Load(here.door.url, payload) as load:
        load.wait_for(20)
        for number in range(crowds):
            before, began = len(load.answers), time.monotonic()
            with Strangers(here.door.port, seed + number) as strangers:
                threading.Event().wait(SECONDS)
                served = len(load.answers) - before
            if served < LEAST * (time.monotonic() - began):
                wrong.append(f"only {served} signals were accepted beside the crowd of seed {seed + number}")
            came += strangers.came
        load.wait_for(20)
    here.door.close()
    drain(here.ledger, Spool(here.home / "spool"))
    others = dict(load.answers.others)
    wrong += [f"{number} answers of status {status}" for status, number in others.items() if status != 429]
    wrong += faults_of(here.ledger, load.answers)
    return wrong, f"{len(load.answers)} accepted, strangers: {dict(came)}"


def run(first_seed: int, crowds: int, tell: Callable[[Fault], None]) -> Outcome:
    """So many crowds. See `Campaign`."""
    faults, told = at_a_front_door(lambda here: crowd_and_prove(here, first_seed, crowds), first_seed, tell)
    return Outcome(faults, f"{crowds} crowds of {SECONDS:.0f} s, {told}")
