import subprocess
import sys

import pytest
from sqlalchemy import text

from fund_pipeline.errors import ConfigurationError, ConflictError, InvariantError, TemporaryError
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.locks import exclusive
from fund_pipeline.ledger.migrate import upgrade

HOLD = """
import sys
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.locks import exclusive
with exclusive(open_ledger(sys.argv[1]), "nightly"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_is_exclusive_among_processes_and_free_after_a_kill(ledger: Ledger, ledger_url: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, ledger_url], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(ConflictError, match="already running"), exclusive(ledger, "nightly", wait_seconds=0):
        pass
    with exclusive(ledger, "another"):
        pass
    holder.kill()
    holder.communicate()
    with exclusive(ledger, "nightly", wait_seconds=30):
        pass


def test_a_lock_is_free_again_after_an_error_inside(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), exclusive(ledger, "nightly"):
        _ = 1 / 0
    with exclusive(ledger, "nightly"):
        pass


def test_waiting_for_a_lock_ends_with_an_error_that_says_what_to_look_for(ledger: Ledger, ledger_url: str) -> None:
    other = open_ledger(ledger_url)
    with (
        exclusive(other, "nightly"),
        pytest.raises(TemporaryError, match="look for a run that hangs"),
        exclusive(ledger, "nightly", wait_seconds=0.3),
    ):
        pass
    other.close()


def test_a_lost_database_session_is_not_taken_for_a_held_lock(postgres_url: str) -> None:
    url = postgres_url.replace("postgresql://", "postgresql+psycopg2://", 1)
    upgrade(url)
    holder, killer = open_ledger(url), open_ledger(url)
    cut = text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    with pytest.raises(InvariantError, match="was lost"), exclusive(holder, "nightly"), killer.writing() as connection:
        connection.execute(cut)
    holder.close()
    killer.close()


def test_a_ledger_that_was_never_set_up_says_how_to(empty_ledger_url: str) -> None:
    ledger = open_ledger(empty_ledger_url)
    with pytest.raises(ConfigurationError, match="fund ledger upgrade"):
        list_funds(ledger)
    ledger.close()
