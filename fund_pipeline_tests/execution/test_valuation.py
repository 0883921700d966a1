"""What a paper account is worth is reckoned piece by piece as it changes, and comes to the same as reckoned anew."""

from __future__ import annotations

import tempfile
from contextlib import closing, suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fund_pipeline.errors import TemporaryError
from fund_pipeline.execution.brokers.paper import Fault, FaultKind, PaperBroker, PaperTerms
from fund_pipeline.execution.port import OrderRequest
from fund_pipeline.terms import AssetClass, OrderType, Side
from fund_pipeline_tests.execution.world import FREE, NONE, NOON

KINDS = {
    "STOCK:KO": (AssetClass.STOCK, "USD", 1),
    "STOCK:SAP": (AssetClass.STOCK, "EUR", 1),
    "FUTURE:ES": (AssetClass.FUTURE, "USD", 50),
    "OPTION:KO": (AssetClass.OPTION, "USD", 100),
}
keys, prices = st.sampled_from(sorted(KINDS)), st.integers(1, 200).map(Decimal)
acts = st.one_of(
    st.tuples(st.just("price"), keys | st.just("FOREX:EURUSD"), prices),
    st.tuples(st.just("submit"), keys, st.integers(-50, 50).filter(bool).map(Decimal)),
    st.tuples(st.just("by another"), keys, st.integers(-50, 50).filter(bool).map(Decimal)),
    st.tuples(st.just("undone"), keys, prices),
    st.tuples(st.just("split"), st.just("STOCK:KO"), st.just(Decimal(2))),
    st.tuples(st.just("cash"), st.just("EUR"), prices),
)


def order(number: int, key: str, signed: Decimal) -> OrderRequest:
    kind, currency, multiplier = KINDS[key]
    return OrderRequest(
        client_order_id=f"order-{number}",
        instrument_key=key,
        asset_class=kind,
        side=Side.BUY if signed > 0 else Side.SELL,
        quantity=abs(signed),
        order_type=OrderType.MARKET,
        limit_price=None,
        stop_price=None,
        multiplier=Decimal(multiplier),
        currency=currency,
    )


def do(broker: PaperBroker, other: PaperBroker, number: int, act: tuple[str, str, Decimal]) -> None:
    what, key, amount = act
    match what:
        case "price":
            broker.set_price(key, amount)
        case "submit":
            broker.submit(order(number, key, amount))
        case "by another":
            other.submit(order(number, key, amount))
        case "undone":
            with suppress(InterruptedError), broker._now() as (db, _):
                db.execute("UPDATE positions SET quantity = ?", (str(amount),))
                broker._valuation.worth()
                raise InterruptedError
        case "split":
            if key in {one.instrument_key for one in broker.positions()}:
                broker.split(key, int(amount), 1)
        case "cash":
            broker.move_cash(key, amount)


@given(st.lists(acts, max_size=25))
@settings(max_examples=60, deadline=None)
def test_it_is_worth_the_same_as_when_it_is_reckoned_anew(some: list[tuple[str, str, Decimal]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, terms = Path(folder) / "DU1.sqlite", PaperTerms(spread_bps=NONE, commissions=FREE)
        with (
            closing(PaperBroker(path, lambda: NOON, terms)) as broker,
            closing(PaperBroker(path, lambda: NOON)) as other,
        ):
            broker.set_prices(dict.fromkeys([*KINDS, "FOREX:EURUSD"], Decimal(100)))
            for number, act in enumerate(some):
                do(broker, other, number, act)
                with closing(PaperBroker(path, lambda: NOON)) as anew:
                    assert broker.account_state() == anew.account_state(), act
                    probe = order(number, "STOCK:KO", Decimal(3))
                    assert broker.what_if(probe) == anew.what_if(probe), act


def test_a_submission_that_is_lost_on_the_way_back_counts(tmp_path: Path) -> None:
    with closing(PaperBroker(tmp_path / "DU1.sqlite", lambda: NOON, PaperTerms(spread_bps=NONE))) as broker:
        broker.set_price("STOCK:KO", Decimal(50))
        before = broker.account_state()
        broker.inject(Fault("submit", FaultKind.LOST_ANSWER))
        with pytest.raises(TemporaryError, match="lose its answer"):
            broker.submit(order(1, "STOCK:KO", Decimal(10)))
        assert broker.account_state().margin_used > before.margin_used
