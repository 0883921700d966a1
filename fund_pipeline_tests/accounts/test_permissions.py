"""Which strategy may use which accounts: LIVE is said by both, or it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fund_pipeline.accounts import import_registry, read_registry
from fund_pipeline.accounts.accounts import add_account, change_account, close_account
from fund_pipeline.accounts.permissions import allow, check_permission, forbid, put_permitted, usable
from fund_pipeline.errors import ConflictError, InputError, NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account, AccountStatus
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.model import StrategyStatus, TradingMode
from fund_pipeline.ledger.strategies import get_strategy, put_strategy
from fund_pipeline_tests.samples import ACT, FUND, account, strategy

LIVE = account("live-1", broker="ibkr", broker_account="U123", mode=TradingMode.LIVE)
modes = some.sampled_from(TradingMode)
pools = some.lists(
    some.builds(
        account,
        some.sampled_from("abcdef"),
        fund_id=some.sampled_from(["f", "g"]),
        mode=modes,
        status=some.sampled_from(AccountStatus),
    ),
    unique_by=lambda one: one.account_id,
)


@pytest.fixture
def desk(embedded: Ledger) -> Ledger:
    """Fund `demo` with a paper and a LIVE account, and the PAPER strategy A, which may use none yet."""
    put_fund(embedded, FUND, ACT)
    add_account(embedded, account(), ACT)
    add_account(embedded, LIVE, ACT, said_live="live-1")
    put_strategy(embedded, strategy("A"), ACT)
    return embedded


@given(pool=pools, mode=modes, named=some.sets(some.sampled_from("abcdefg")))
def test_no_entry_of_a_strategy_ever_reaches_an_account_of_another_mode(
    pool: list[Account], mode: TradingMode, named: set[str]
) -> None:
    asked = strategy("A", trading_mode=mode, accounts=tuple(sorted(named)))
    found = usable(asked, pool, "f")
    assert {one.mode for one in found} <= {mode}
    assert {one.status for one in found} <= {AccountStatus.OPEN}
    assert {one.fund_id for one in found} <= {"f"}
    assert {one.account_id for one in found} <= named


@given(pool=pools, mode=modes)
def test_what_is_permitted_lets_no_paper_strategy_have_live_and_mixes_no_modes_in_a_fund(
    pool: list[Account], mode: TradingMode
) -> None:
    asked = strategy("A", trading_mode=mode, accounts=tuple(one.account_id for one in pool))
    wrong = mode is TradingMode.PAPER and any(one.mode is TradingMode.LIVE for one in pool)
    mixed = any(len({one.mode for one in pool if one.fund_id == fund}) > 1 for fund in "fg")
    try:
        check_permission(asked, {one.account_id: one for one in pool})
    except ConflictError:
        assert wrong or mixed
    else:
        assert not wrong
        assert not mixed


def test_accounts_are_allowed_and_forbidden_and_twice_changes_nothing(desk: Ledger) -> None:
    for _ in range(2):
        assert allow(desk, "A", ["demo-paper"], ACT).accounts == ("demo-paper",)
    assert usable(get_strategy(desk, "A"), list_accounts(desk), "demo") == (account(),)
    for _ in range(2):
        assert forbid(desk, "A", ["demo-paper"], ACT).accounts == ()
    with pytest.raises(NotFoundError, match="no account 'nowhere'"):
        forbid(desk, "A", ["nowhere"], ACT)


def test_a_paper_strategy_is_not_allowed_a_live_account(desk: Ledger) -> None:
    with pytest.raises(ConflictError, match="strategy A is PAPER, and account live-1 is LIVE"):
        allow(desk, "A", ["live-1"], ACT)
    put_strategy(desk, strategy("A", trading_mode=TradingMode.LIVE), ACT)
    live = allow(desk, "A", ["live-1"], ACT)
    with pytest.raises(ConflictError, match="spread its entries in fund demo over the LIVE account live-1"):
        allow(desk, "A", ["demo-paper"], ACT)
    with pytest.raises(ConflictError, match="strategy A is PAPER"):
        put_permitted(desk, replace(live, trading_mode=TradingMode.PAPER), ACT)
    assert get_strategy(desk, "A").accounts == ("live-1",)


def test_an_account_does_not_become_live_behind_a_paper_strategy(desk: Ledger) -> None:
    dry = account("dry", broker="ibkr", broker_account="DU1")
    add_account(desk, dry, ACT)
    allow(desk, "A", ["dry"], ACT)
    with pytest.raises(ConflictError, match="strategy A is PAPER, and account dry is LIVE"):
        change_account(desk, replace(dry, mode=TradingMode.LIVE), ACT, said_live="dry")


def test_an_account_that_is_not_there_or_closed_is_not_allowed(desk: Ledger) -> None:
    with pytest.raises(NotFoundError, match="strategy A: there is no account 'nowhere'"):
        allow(desk, "A", ["demo-paper", "nowhere"], ACT)
    close_account(desk, "demo-paper", ACT)
    with pytest.raises(ConflictError, match="account demo-paper is CLOSED"):
        allow(desk, "A", ["demo-paper"], ACT)
    assert get_strategy(desk, "A").accounts == ()


def test_nothing_about_accounts_keeps_a_strategy_from_being_made_inactive(desk: Ledger) -> None:
    of_old = strategy("A", accounts=("gone", "live-1"))
    put_strategy(desk, of_old, ACT)
    assert put_permitted(desk, replace(of_old, status=StrategyStatus.INACTIVE), ACT)


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        ("strategies: [{strategy_id: B, accounts: [nowhere]}]", NotFoundError, "strategy B: there is no account"),
        ("strategies: [{strategy_id: B, accounts: [live-1]}]", ConflictError, "strategy B is PAPER"),
        ("accounts: [{account_id: x, fund_id: f, broker: paper}]", InputError, r"accounts\.0\.broker_account"),
        (
            "accounts: [&a {account_id: x, fund_id: demo, broker: ibkr, broker_account: U9, asset_classes: [ETF], "
            "currency: USD, mode: LIVE}]",
            ConflictError,
            "a file cannot make it so",
        ),
    ],
)
def test_a_registry_file_is_held_to_the_same_rules(
    desk: Ledger, tmp_path: Path, content: str, error: type[Exception], told: str
) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(content)
    with pytest.raises(error, match=told):
        import_registry(desk, read_registry(file), ACT)
