"""Senders that post without pause, and send the same again until they are answered, as the real ones do."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

PATH = "/api/v1/signals"
PAUSE_SECONDS = 0.02


@dataclass
class Answers:
    """What was answered with 200: the ids and states by the sender's id. Every other status is counted."""

    accepted: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    others: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    unanswered: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self.accepted)


class Load:
    """So many clients, each posting one signal after the other until told to stop."""

    def __init__(self, url: str, payload: Callable[[str], dict[str, Any]], clients: int = 10) -> None:
        self.answers = Answers()
        self._url, self._payload, self._clients = url, payload, clients
        self._stop = threading.Event()
        self._numbers = count(1)

    def __enter__(self) -> Load:
        self._pool = ThreadPoolExecutor(self._clients)
        self._working = [self._pool.submit(self._post_on) for _ in range(self._clients)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()
        for each in self._working:
            each.result()

    def wait_for(self, more: int, seconds: float = 30.0) -> None:
        """Until so many more signals are accepted."""
        wanted = len(self.answers) + more
        pause = threading.Event()
        for _ in range(int(seconds / PAUSE_SECONDS)):
            if len(self.answers) >= wanted:
                return
            pause.wait(PAUSE_SECONDS)
        raise AssertionError(f"only {len(self.answers)} of {wanted} accepted; others: {dict(self.answers.others)}")

    def _post_on(self) -> None:
        with httpx.Client(base_url=self._url, timeout=10, trust_env=False) as client:
            while not self._stop.is_set():
                self._deliver(client, f"load-{next(self._numbers)}")

    def _deliver(self, client: httpx.Client, name: str) -> None:
        body = json.dumps(self._payload(name)).encode()
        while not self._post(client, name, body):
            if self._stop.wait(PAUSE_SECONDS):
                with self.answers.lock:
                    self.answers.unanswered.add(name)
                return

    def _post(self, client: httpx.Client, name: str, body: bytes) -> bool:
        try:
            answer = client.post(PATH, content=body, headers={"Content-Type": "text/plain"})
        except httpx.TransportError:
            return False
        with self.answers.lock:
            if answer.status_code == httpx.codes.OK:
                found = answer.json()
                self.answers.accepted[name].append((found["signal_id"], found["status"]))
                return True
            self.answers.others[answer.status_code] += 1
        return False
