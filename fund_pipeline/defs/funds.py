"""Which funds there are when a code location loads, and what their assets are called in both locations.

Light on purpose: `trading` imports this.
"""

from __future__ import annotations

from pathlib import Path

from dagster import AssetCheckKey, AssetKey

from fund_pipeline.errors import ConfigurationError, TemporaryError
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.logs import get_logger
from fund_pipeline.settings import Settings

ALLOCATION_APPROVED = "allocation_approved"
APPROVE = "approve_allocations"
"""The job in which a person decides."""

log = get_logger(__name__)


def fund_ids(settings: Settings) -> tuple[str, ...]:
    """The funds in the ledger, by id. None while there is no ledger, or it does not answer: a code location must load.

    A fund that is added later has its assets once the location is reloaded.
    """
    try:
        embedded = settings.ledger_url.removeprefix("sqlite:///")
        if embedded != settings.ledger_url and not Path(embedded).exists():
            return ()  # looking at a ledger that is not there must not make one
        ledger = open_ledger(settings.ledger_url)
        try:
            return tuple(fund.fund_id for fund in list_funds(ledger))
        finally:
            ledger.close()
    except (ConfigurationError, TemporaryError) as away:
        log.error("no fund is loaded: start the code servers again once the ledger is there", problem=str(away))
        return ()


def recommended_key(fund_id: str) -> AssetKey:
    """What the fund is recommended to hold."""
    return AssetKey(["recommended_allocation", fund_id])


def active_key(fund_id: str) -> AssetKey:
    """What the fund holds."""
    return AssetKey(["active_allocation", fund_id])


def approved_key(fund_id: str) -> AssetCheckKey:
    """The check in which a person decides on the fund's recommendation."""
    return AssetCheckKey(recommended_key(fund_id), ALLOCATION_APPROVED)


def step_of(what: str, fund_id: str) -> str:
    """Name of the step that makes `what` of a fund: Dagster takes no dash, and no two funds may share one."""
    return f"{what}__{fund_id.replace('_', '_u').replace('-', '_d')}"
