from decimal import Decimal
from pathlib import Path

import pytest

from fund_pipeline.accounts import ImportResult, import_registry, read_registry
from fund_pipeline.accounts.demo import refuse_unless_demo
from fund_pipeline.accounts.limits import FundLimits, limits_of
from fund_pipeline.accounts.permissions import usable
from fund_pipeline.accounts.registry import parse_strategy
from fund_pipeline.errors import ConfigurationError, InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.funds import get_fund, put_fund
from fund_pipeline.ledger.model import Fund, TradingMode
from fund_pipeline.ledger.strategies import get_strategy, list_strategies, put_strategy
from fund_pipeline.terms import AssetClass
from fund_pipeline_tests.samples import ACT, strategy

SAMPLE = Path("data/registry.yaml")


def test_the_sample_registry_names_a_strategy_for_every_sample_backtest() -> None:
    registered = {entry.strategy_id for entry in read_registry(SAMPLE).strategies}
    assert registered == {path.stem for path in Path("data/backtests").glob("*.csv")}


def test_the_sample_strategies_may_use_the_sample_account_which_trades_everything_on_paper(ledger: Ledger) -> None:
    import_registry(ledger, read_registry(SAMPLE), ACT)
    (account,) = list_accounts(ledger)
    assert (set(account.asset_classes), account.mode, account.broker) == (set(AssetClass), TradingMode.PAPER, "paper")
    assert {usable(one, [account], "demo") for one in list_strategies(ledger)} == {(account,)}


def test_importing_twice_changes_nothing_the_second_time(ledger: Ledger) -> None:
    first = import_registry(ledger, read_registry(SAMPLE), ACT)
    assert (len(first.funds), len(first.accounts), len(first.strategies)) == (1, 1, 9)
    assert import_registry(ledger, read_registry(SAMPLE), ACT) == ImportResult((), (), ())
    assert import_registry(ledger, read_registry(SAMPLE), ACT, only_missing=True) == ImportResult((), (), ())
    assert get_fund(ledger, "demo").capital == Decimal(1000000)
    assert get_strategy(ledger, "SPX_VolTarget").max_gross == Decimal("1.5")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("funds: [{fund_id: f, name: F, currency: usd, capital: '1'}]", r"funds\.0\.currency is 'usd'"),
        ("funds: [{fund_id: f, name: F, currency: USD, capital: 1.1}]", r"funds\.0\.capital is 1\.1.*in quotes"),
        ("funds: [{fund_id: f, name: F, currency: USD, capital: '-1'}]", r"funds\.0\.capital is '-1'"),
        (
            "funds: [{fund_id: f, name: F, currency: USD, capital: '1', risk_limits: {cvar: 1}}]",
            r"funds\.0\.risk_limits\.cvar is 1",
        ),
        ("strategies: [{strategy_id: '../x'}]", r"strategies\.0\.strategy_id is '\.\./x'"),
        ("strategies: [{strategy_id: A, status: LIVE}]", r"strategies\.0\.status is 'LIVE'.*ACTIVE"),
        ("strategies: [{strategy_id: A, speed: 9}]", r"strategies\.0\.speed is 9"),
        ("strategies: 7", r"strategies is 7"),
        ("{", "is not YAML"),
    ],
)
def test_a_wrong_registry_names_the_field_and_its_value(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(content)
    with pytest.raises(InputError, match=told):
        read_registry(file)


def test_a_registry_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml does not exist"):
        read_registry(tmp_path / "nowhere.yaml")


def test_one_strategy_in_words_is_checked_like_one_in_a_file() -> None:
    parsed = parse_strategy({"strategy_id": "A", "status": "ACTIVE", "max_gross": "1.5"})
    assert parsed.max_gross == Decimal("1.5")
    with pytest.raises(InputError, match="strategy A: status is 'ALIVE'"):
        parse_strategy({"strategy_id": "A", "status": "ALIVE"})


def test_limits_that_are_not_given_are_the_defaults_and_wrong_ones_name_the_fund() -> None:
    assert limits_of("f", {}) == FundLimits()
    assert limits_of("f", {"cvar_limit": 0.02}).cvar_limit == 0.02
    with pytest.raises(InputError, match=r"fund f: risk limit cvar_limit is 5"):
        limits_of("f", {"cvar_limit": 5})


def test_the_demo_refuses_a_ledger_with_another_fund(ledger: Ledger) -> None:
    put_fund(ledger, Fund("real", "Real Fund", "USD", Decimal(1)), ACT)
    with pytest.raises(ConfigurationError, match=r"in use.*fund real"):
        refuse_unless_demo(ledger, read_registry(SAMPLE))


def test_the_demo_refuses_a_ledger_with_a_live_strategy(ledger: Ledger) -> None:
    put_strategy(ledger, strategy("S", trading_mode=TradingMode.LIVE), ACT)
    with pytest.raises(ConfigurationError, match="LIVE strategy S"):
        refuse_unless_demo(ledger, read_registry(SAMPLE))
