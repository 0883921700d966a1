import subprocess
import sys

import pytest

from fund_pipeline.errors import ConfigurationError, ConflictError
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.locks import exclusive

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
    with pytest.raises(ConflictError, match="nightly is already running"), exclusive(ledger, "nightly"):
        pass
    with exclusive(ledger, "another"):
        pass
    holder.kill()
    holder.communicate()
    with exclusive(ledger, "nightly", wait=True):
        pass


def test_a_lock_is_free_again_after_an_error_inside(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), exclusive(ledger, "nightly"):
        _ = 1 / 0
    with exclusive(ledger, "nightly"):
        pass


def test_a_ledger_that_was_never_set_up_says_how_to(empty_ledger_url: str) -> None:
    ledger = open_ledger(empty_ledger_url)
    with pytest.raises(ConfigurationError, match="fund ledger upgrade"):
        list_funds(ledger)
    ledger.close()
