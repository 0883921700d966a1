"""Anything at all, posted to a running API; one of the campaigns of `make chaos`. Each trial is one body."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from fund_pipeline.ledger import Ledger
from fund_pipeline.signals.inbox import drain
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.campaigns import Fault, Outcome
from fund_pipeline_tests.front_door.homes import SECRET, STRATEGY, FrontDoor, forget, front_door
from fund_pipeline_tests.front_door.load import PATH, Answers
from fund_pipeline_tests.front_door.proof import faults_of
from fund_pipeline_tests.signals.inboxes import everything_in
from fund_pipeline_tests.signals.json_values import ANYTHING, nearly_signals, to_bytes

TRICKS = ("'; DROP TABLE signals; --", "<script>alert(1)</script>", "a\u202eb", "ａ", "\x00", "{{strategy}}", "A" * 300)
TYPES = st.sampled_from(["application/json", "text/plain", "text/plain; charset=utf-8", ""])


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A body: mostly a signal of the sender that is nearly right, sometimes of nobody, sometimes no JSON at all."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.binary(max_size=80) | ANYTHING.map(to_bytes))
    found = draw(nearly_signals())
    if kind > 1:
        found["passphrase"] = SECRET
    if kind > 2:
        found["strategy_name"] = STRATEGY
    if kind > 3:
        found["signalID"] = f"any-{draw(st.uuids())}"
    if kind == 4:
        place = draw(st.sampled_from(sorted(found)))
        found[place] = draw(st.sampled_from(TRICKS))
    if kind == 5:
        found[draw(st.sampled_from(["note", "signalID", "comment"]))] = f"my passphrase is {SECRET}"
    if kind == 6:
        return json.dumps(found).encode().replace(b": 1", b": NaN", 1)
    if kind == 7:
        return b"[" * draw(st.sampled_from([5, 200, 20_000])) + json.dumps(found).encode()
    return json.dumps(found).encode()


@dataclass
class Told:
    """What came back."""

    answers: Answers = field(default_factory=Answers)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def post_and_look(client: httpx.Client, body: bytes, content_type: str, told: Told) -> None:
    """Post one body; note whatever should not be in its answer."""
    headers = {"Content-Type": content_type} if content_type else {}
    answer = client.post(PATH, content=body, headers=headers)
    told.statuses[answer.status_code] += 1
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        told.faults.append(f"{answer.status_code} to {body[:300]!r}")
        return
    if SECRET in answer.text:
        told.faults.append(f"the answer to {body[:300]!r} repeats the passphrase")
    said: dict[str, Any] = answer.json()
    if answer.status_code == httpx.codes.OK:
        name = json.loads(body)["signalID"]
        told.answers.accepted[name].append((said["signal_id"], said["status"]))
        if said.get("success") is not True:
            told.faults.append(f"200 without success to {body[:300]!r}")
    elif not {"error", "message", "remedy"} <= said.keys():
        told.faults.append(f"{answer.status_code} without reason and remedy to {body[:300]!r}: {said}")


def post_anything(here: FrontDoor, first_seed: int, trials: int) -> tuple[list[str], str]:
    """Post so many bodies; what is wrong with the answers, the ledger or the log, and a summary."""
    told = Told()
    here.door.open()
    with httpx.Client(base_url=here.door.url, timeout=30, trust_env=False) as client:

        @seed(first_seed)
        @settings(
            max_examples=trials,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(bodies(), TYPES)
        def post(body: bytes, content_type: str) -> None:
            post_and_look(client, body, content_type, told)

        post()
    here.door.close()
    drain(here.ledger, Spool(here.home / "spool"))
    wrong = told.faults + faults_of(here.ledger, told.answers)
    wrong += [f"the passphrase is in {place}" for place in places_of_the_secret(here.ledger, here.home)]
    return wrong, f"statuses {dict(sorted(told.statuses.items()))}"


def places_of_the_secret(ledger: Ledger, home: Path) -> list[str]:
    """Where a passphrase rests in clear: in a table, or in a file of the home."""
    found = ["a table"] if SECRET in everything_in(ledger) else []
    files = (path for path in home.rglob("*") if path.is_file())
    return found + [path.name for path in files if SECRET.encode() in path.read_bytes()]


def run(first_seed: int, trials: int, tell: Callable[[Fault], None]) -> Outcome:
    """So many bodies. See `Campaign`."""
    folder = Path(tempfile.mkdtemp(prefix="fund-anything-"))
    try:
        with front_door(folder / "home", FUND_SIGNAL_RATE="100000") as here:
            wrong, summary = post_anything(here, first_seed, trials)
    finally:
        forget(folder)
    faults = tuple(Fault(first_seed, what) for what in wrong)
    for fault in faults:
        tell(fault)
    return Outcome(faults, f"{trials} bodies, {summary}")
