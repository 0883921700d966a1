"""One signal, or one follow-up, that cannot be kept is told to a person, and the rest go on as if it were not."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import text

from fund_pipeline.ledger.decisions import list_decisions
from fund_pipeline_tests.decisions.floor import Floor, leg, signal
from fund_pipeline_tests.decisions.scenarios import weight


def refuse(floor: Floor, table: str, condition: str) -> None:
    """Have the ledger refuse rows, as one would that does not fit it."""
    with floor.ledger.writing() as connection:
        connection.execute(
            text(f"CREATE TRIGGER no BEFORE INSERT ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, 'no'); END")
        )


def test_what_the_ledger_refuses_takes_no_capital_from_the_signals_after_it(floor: Floor) -> None:
    floor.change_strategy(max_gross=Decimal(1))
    floor.price(AAPL="100")
    poison = floor.send(signal("ENTRY", leg("BUY", 900)))
    first, second = (floor.send(signal("ENTRY", leg("BUY", 450))) for _ in range(2))
    refuse(floor, "orders", f"NEW.signal_id = '{poison}'")
    floor.work()
    assert floor.reason(poison) == ("QUARANTINED", "UNDECIDABLE")
    assert [floor.reason(one) for one in (first, second)] == [("APPROVED", "SIZED")] * 2
    assert floor.positions() == floor.at_broker() == {"STOCK:AAPL": Decimal(3600)}


def test_an_exit_behind_what_the_ledger_refuses_closes_what_is_there(floor: Floor) -> None:
    floor.price(AAPL="100")
    entry = floor.send(signal("ENTRY", leg("BUY", 100)))
    floor.work_off()
    poison = floor.send(signal("ENTRY", leg("BUY", 300)))
    floor.send(signal("EXIT", leg("SELL", 100), entry_signal_id=entry))
    refuse(floor, "decisions", f"NEW.signal_id = '{poison}'")
    floor.work_off()
    assert floor.reason(poison) == ("QUARANTINED", "UNDECIDABLE")
    floor.assert_flat()


def test_one_follow_up_that_cannot_be_kept_stops_no_other(floor: Floor) -> None:
    for ticker in ("MTUM", "QUAL"):
        floor.market(f"ETF:{ticker}", "200")
        floor.send(weight(0.3, ticker=ticker))
    floor.work_off()
    short = [weight(0.3, "SELL", ticker=ticker) | {"signal_type": "ENTRY"} for ticker in ("MTUM", "QUAL")]
    turned = [floor.send(one) for one in short]
    floor.work_off()
    assert floor.positions() == {}
    refuse(floor, "decisions", f"NEW.signal_id = '{turned[0]}'")
    floor.work_off()
    assert "FOLLOW_UP_FAILED" in floor.alerts()
    assert [len(list_decisions(floor.ledger, signal_id=one)) for one in turned] == [1, 2]
    assert set(floor.positions()) == {"ETF:QUAL"}
