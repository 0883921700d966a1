from datetime import UTC, datetime

import pytest

from fund_pipeline.accounts.hours import is_open, open_now
from fund_pipeline.ledger.account_model import AccountStatus
from fund_pipeline.terms import AssetClass
from fund_pipeline_tests.samples import account

STOCK, FOREX, CRYPTO = AssetClass.STOCK, AssetClass.FOREX, AssetClass.CRYPTO


@pytest.mark.parametrize(
    ("moment", "stock", "forex"),
    [
        ("2026-03-02T14:00:00", True, True),  # half past nine in New York, less half an hour
        ("2026-03-02T13:59:59", False, True),
        ("2026-07-02T20:30:00", True, True),
        ("2026-07-02T20:30:01", False, True),
        ("2026-07-03T15:00:00", False, True),  # the fourth of July falls on a Saturday
        ("2026-11-27T18:31:00", False, True),  # the day after Thanksgiving ends at one
        ("2026-03-06T22:00:00", False, False),  # Friday, five in New York
        ("2026-03-08T20:59:59", False, False),
        ("2026-03-08T21:00:00", False, True),  # Sunday, five in New York: summer time began that morning
    ],
)
def test_stocks_trade_in_sessions_forex_in_the_week_and_crypto_always(moment: str, stock: bool, forex: bool) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert (is_open(STOCK, now), is_open(FOREX, now), is_open(CRYPTO, now)) == (stock, forex, True)


def test_an_account_is_looked_at_while_any_of_its_classes_trades_and_a_closed_one_never() -> None:
    saturday = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
    accounts = [account("s"), account("c", asset_classes=(CRYPTO, STOCK)), account("x", asset_classes=(CRYPTO,))]
    accounts[2] = account("x", asset_classes=(CRYPTO,), status=AccountStatus.CLOSED)
    assert [one.account_id for one in open_now(accounts, saturday)] == ["c"]
