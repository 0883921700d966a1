"""What the API's own description allows and forbids, posted to it by schemathesis; a campaign of `make chaos`.

Each trial is so many requests to every operation that the description names.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case
from schemathesis.generation import GenerationMode

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.key_model import Scope
from fund_pipeline.users import UserRole, add_user
from fund_pipeline.users.api_keys import add_key
from fund_pipeline_tests.campaigns import Fault, Outcome
from fund_pipeline_tests.front_door.anything import places_of_the_secret
from fund_pipeline_tests.front_door.homes import SECRET, STRATEGY, FrontDoor, forget, front_door

ADMIN, PASSWORD = "ada", "a password that is long enough"
POSTED = ("/api/signals", "/api/v1/signals")


def ask_everything(
    here: FrontDoor, first_seed: int, requests: int, only: Collection[str] = ()
) -> tuple[list[str], str]:
    """So many requests to each operation (or those whose path begins so); what is wrong, and a summary."""
    act = Act("test", utc_now())
    add_user(here.ledger, ADMIN, ADMIN, UserRole.ADMIN, act, password=PASSWORD)
    key = add_key(here.ledger, "schemathesis", list(Scope), act).text
    here.door.open()
    found = httpx.get(f"{here.door.url}/openapi.json", auth=(ADMIN, PASSWORD), trust_env=False)
    described = schemathesis.openapi.from_dict(found.raise_for_status().json())
    described.config.update(base_url=here.door.url)
    statuses: Counter[int] = Counter()
    faults: list[str] = []
    for number, result in enumerate(described.get_all_operations()):
        operation = result.ok()
        if only and not operation.path.startswith(tuple(only)):
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            strategy = operation.as_strategy(generation_mode=mode)
            _ask(strategy, key, first_seed + number, requests, statuses, faults)
    here.door.close()
    faults += [f"the passphrase is in {place}" for place in places_of_the_secret(here.ledger, here.home)]
    return faults, f"statuses {dict(sorted(statuses.items()))}"


def _ask(
    strategy: st.SearchStrategy[Case],
    key: str,
    first_seed: int,
    requests: int,
    statuses: Counter[int],
    faults: list[str],
) -> None:
    @seed(first_seed)
    @settings(
        max_examples=requests,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy, st.booleans())
    def ask(case: Case, ours: bool) -> None:
        if ours and case.path in POSTED and isinstance(case.body, dict):
            case.body |= {"passphrase": SECRET, "strategy_name": STRATEGY}
        answer = case.call(**_login(case.path, key))
        statuses[answer.status_code] += 1
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR and not _is_away(case, answer):
            faults.append(f"{answer.status_code} to {case.as_curl_command()[:400]}")

    with suppress(Unsatisfiable):  # nothing of an operation without parameters can be wrong
        ask()


def _login(path: str, key: str) -> dict[str, Any]:
    if path.startswith("/api/strategies"):
        return {"headers": {"Authorization": f"Bearer {key}"}}
    return {} if path in POSTED else {"auth": (ADMIN, PASSWORD)}


def _is_away(case: Case, answer: schemathesis.Response) -> bool:
    """Dagster does not run beside these tests, and 503 says so."""
    return case.path.endswith("/sync-backtest") and answer.status_code == httpx.codes.SERVICE_UNAVAILABLE


def run(first_seed: int, trials: int, tell: Callable[[Fault], None]) -> Outcome:
    """So many requests to each operation. See `Campaign`."""
    folder = Path(tempfile.mkdtemp(prefix="fund-described-"))
    try:
        with front_door(folder / "home", FUND_SIGNAL_RATE="100000") as here:
            wrong, summary = ask_everything(here, first_seed, trials)
    finally:
        forget(folder)
    faults = tuple(Fault(first_seed, what) for what in wrong)
    for fault in faults:
        tell(fault)
    return Outcome(faults, f"{trials} requests to each operation, {summary}")
