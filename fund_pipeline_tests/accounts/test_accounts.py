"""Accounts: what can be changed, what cannot once it was used, and that real money is said twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from fund_pipeline.accounts.accounts import (
    add_account,
    change_account,
    close_account,
    delete_account,
    parse_account,
    put_account,
    reopen_account,
)
from fund_pipeline.accounts.permissions import allow
from fund_pipeline.errors import ConflictError, FundError, InputError, NotFoundError
from fund_pipeline.ledger import Ledger, tables
from fund_pipeline.ledger.account_model import AccountStatus
from fund_pipeline.ledger.accounts import get_account, list_accounts
from fund_pipeline.ledger.audit import history, list_audit
from fund_pipeline.ledger.funds import delete_fund, get_fund, put_fund
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.terms import AssetClass
from fund_pipeline_tests.accounts.rows import put_orders, put_position
from fund_pipeline_tests.samples import ACT, FUND, account, fill_ledger, snapshot, strategy

LIVE = account("live-1", broker="ibkr", broker_account="U123", mode=TradingMode.LIVE)


@pytest.fixture
def desk(embedded: Ledger) -> Ledger:
    """An embedded ledger with fund `demo` and its unused account `demo-paper`."""
    put_fund(embedded, FUND, ACT)
    add_account(embedded, account(), ACT)
    return embedded


@pytest.fixture
def either(ledger: Ledger) -> Ledger:
    """The same on either database."""
    put_fund(ledger, FUND, ACT)
    add_account(ledger, account(), ACT)
    return ledger


def test_an_account_comes_back_as_it_was_added_and_the_audit_log_tells_of_all(either: Ledger) -> None:
    desk = either
    assert list_accounts(desk) == (account(),)
    assert list_accounts(desk, "other") == ()
    assert change_account(desk, account(name="Renamed"), ACT)
    assert not change_account(desk, account(name="Renamed"), ACT)
    close_account(desk, "demo-paper", ACT)
    reopen_account(desk, "demo-paper", ACT)
    assert delete_account(desk, "demo-paper", ACT) == account(name="Renamed")
    assert list_accounts(desk) == ()
    actions = [entry.action for entry in history(desk, "account", "demo-paper")]
    assert actions == ["account_added", "account_changed", "account_closed", "account_reopened", "account_deleted"]
    assert history(desk, "account", "demo-paper")[1].detail["was"] == {"name": "demo-paper"}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"account_id": "No Such"}, "account_id is 'No Such'"),
        ({"broker": "ccxt"}, "broker is 'ccxt'"),
        ({"broker": "ccxt:" + "x" * 28}, "broker is"),
        ({"broker_account": " "}, "broker_account is ' '"),
        ({"asset_classes": []}, "asset_classes is"),
        ({"asset_classes": ["BOND"]}, r"asset_classes\.0 is 'BOND'"),
        ({"currency": "usd"}, "currency is 'usd'"),
        ({"mode": "REAL"}, "mode is 'REAL'"),
        ({"mode": "LIVE"}, "the paper broker has no LIVE accounts"),
        ({"name": "a\x1b[31m"}, "cannot be printed"),
        ({"secret": 1}, "secret is 1"),
    ],
)
def test_a_wrong_field_is_named_with_its_value(fields: dict[str, object], told: str) -> None:
    right = {"account_id": "a", "fund_id": "f", "broker": "paper", "broker_account": "1", "currency": "USD"}
    assert parse_account(right | {"asset_classes": ["STOCK", "ETF", "STOCK"]}).asset_classes == ("ETF", "STOCK")
    with pytest.raises(InputError, match=told):
        parse_account(right | {"asset_classes": ["STOCK"]} | fields)


def test_what_is_taken_or_not_there_is_refused(desk: Ledger) -> None:
    with pytest.raises(ConflictError, match="there already"):
        add_account(desk, account(broker_account="another"), ACT)
    with pytest.raises(ConflictError, match="demo-paper has the number demo-paper at paper"):
        add_account(desk, account("second", broker_account="demo-paper"), ACT)
    with pytest.raises(NotFoundError, match="no fund 'nowhere'"):
        add_account(desk, account("second", fund_id="nowhere"), ACT)
    with pytest.raises(NotFoundError, match="no account 'second'"):
        close_account(desk, "second", ACT)
    with pytest.raises(ConflictError, match="OPEN already"):
        reopen_account(desk, "demo-paper", ACT)


def test_an_account_is_live_only_when_that_was_said_twice(desk: Ledger) -> None:
    for said in ("", "yes", "demo-paper"):
        with pytest.raises(InputError, match="said twice"):
            add_account(desk, LIVE, ACT, said_live=said)
    add_account(desk, LIVE, ACT, said_live="live-1")
    change_account(desk, replace(LIVE, name="Renamed"), ACT)  # it was LIVE before
    close_account(desk, "live-1", ACT)
    with pytest.raises(InputError, match="said twice"):
        reopen_account(desk, "live-1", ACT)
    reopen_account(desk, "live-1", ACT, said_live="live-1")
    on_paper = account("dry", broker="ibkr", broker_account="DU1")
    add_account(desk, on_paper, ACT)
    with pytest.raises(InputError, match="said twice"):
        change_account(desk, replace(on_paper, mode=TradingMode.LIVE), ACT)
    assert get_account(desk, "dry") == on_paper


def test_the_database_itself_refuses_real_money_at_the_paper_broker(desk: Ledger) -> None:
    with desk.reading() as connection:
        row = dict(connection.execute(select(tables.accounts)).mappings().one())
    forged = row | {"account_id": "forged", "broker_account": "2", "mode": "LIVE"}
    with pytest.raises(IntegrityError), desk.writing() as connection:
        connection.execute(insert(tables.accounts).values(forged))


def test_a_file_makes_no_account_live(desk: Ledger) -> None:
    with pytest.raises(ConflictError, match="a file cannot make it so"):
        put_account(desk, LIVE, ACT)
    add_account(desk, LIVE, ACT, said_live="live-1")
    assert not put_account(desk, LIVE, ACT)
    close_account(desk, "demo-paper", ACT)
    assert put_account(desk, account(name="Renamed"), ACT)
    assert get_account(desk, "demo-paper").status is AccountStatus.CLOSED  # which no file says


@pytest.mark.parametrize(
    "other",
    [
        {"broker": "ibkr"},
        {"broker_account": "2"},
        {"currency": "EUR"},
        {"fund_id": "second"},
        {"mode": TradingMode.LIVE, "broker": "ibkr"},
    ],
)
def test_what_an_account_is_cannot_change_once_something_hangs_on_it(desk: Ledger, other: dict[str, object]) -> None:
    put_fund(desk, replace(FUND, fund_id="second", name="Second"), ACT)
    assert change_account(desk, account(**other), ACT, said_live="demo-paper", dry_run=True)
    record_snapshot(desk, snapshot())
    with pytest.raises(ConflictError, match="it has history in account_snapshots"):
        change_account(desk, account(**other), ACT, said_live="demo-paper")
    assert change_account(desk, account(name="Renamed", asset_classes=(AssetClass.CRYPTO,)), ACT)


def test_an_account_with_a_position_or_a_working_order_is_neither_closed_nor_deleted(either: Ledger) -> None:
    put_orders(either, "demo-paper", "FILLED", "UNKNOWN")
    for change in (close_account, delete_account):
        with pytest.raises(ConflictError, match="1 of its orders may still fill"):
            change(either, "demo-paper", ACT)
    for number in range(5):
        put_position(either, "demo-paper", f"STOCK:{number}", -1)
    for change in (close_account, delete_account):
        with pytest.raises(ConflictError, match=r"holds STOCK:0, STOCK:1, STOCK:2 and more"):
            change(either, "demo-paper", ACT)
    assert get_account(either, "demo-paper").status is AccountStatus.OPEN


def test_an_account_with_nothing_but_history_is_closed_and_not_deleted(either: Ledger) -> None:
    put_position(either, "demo-paper", "STOCK:1", 0)
    put_orders(either, "demo-paper", "CANCELLED")
    with pytest.raises(ConflictError, match="history in orders, positions"):
        delete_account(either, "demo-paper", ACT)
    assert close_account(either, "demo-paper", ACT).status is AccountStatus.CLOSED


def test_an_account_that_a_strategy_may_use_is_not_deleted(desk: Ledger) -> None:
    put_strategy(desk, strategy("A"), ACT)
    allow(desk, "A", ["demo-paper"], ACT)
    with pytest.raises(ConflictError, match="may be used by A"):
        delete_account(desk, "demo-paper", ACT)


REHEARSALS: list[Callable[[Ledger], object]] = [
    lambda desk: add_account(desk, account("new"), ACT, dry_run=True),
    lambda desk: change_account(desk, account(name="Renamed"), ACT, dry_run=True),
    lambda desk: close_account(desk, "demo-paper", ACT, dry_run=True),
    lambda desk: delete_account(desk, "demo-paper", ACT, dry_run=True),
]


def test_a_dry_run_changes_nothing_not_even_the_audit_log(desk: Ledger) -> None:
    before = list_audit(desk)
    for rehearse in REHEARSALS:
        rehearse(desk)
    assert list_accounts(desk) == (account(),)
    assert list_audit(desk) == before


def test_a_fund_is_deleted_only_without_accounts_allocation_or_history(ledger: Ledger) -> None:
    fill_ledger(ledger)
    put_fund(ledger, replace(FUND, fund_id="empty", name="Empty"), ACT)
    for fund, why in (("demo", "it has account demo-paper"), ("second", "allocation .* is in force")):
        with pytest.raises(ConflictError, match=why):
            delete_fund(ledger, fund, ACT)
        assert get_fund(ledger, fund)
    with ledger.writing() as connection:
        connection.execute(tables.allocations.update().values(status="ARCHIVED"))
    with pytest.raises(ConflictError, match="it has history in allocations, approvals"):
        delete_fund(ledger, "second", ACT)
    delete_fund(ledger, "empty", ACT, dry_run=True)
    delete_fund(ledger, "empty", ACT)
    with pytest.raises(FundError, match="no fund 'empty'"):
        get_fund(ledger, "empty")
    assert history(ledger, "fund", "empty")[-1].action == "fund_deleted"
