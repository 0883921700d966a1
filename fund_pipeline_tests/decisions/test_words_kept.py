"""How often what brokers say of accounts is kept while signals are sized: what is kept cannot be taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.break_model import BreakKind, Section
from fund_pipeline.ledger.breaks import list_breaks
from fund_pipeline.ledger.fund_days import list_days
from fund_pipeline.ledger.snapshots import latest
from fund_pipeline_tests.decisions.floor import Floor, leg, signal


def words_kept(floor: Floor) -> list[datetime]:
    column = tables.account_snapshots.c.as_of
    with floor.ledger.reading() as connection:
        return list(connection.execute(select(column).order_by(column)).scalars())


def size_one(floor: Floor) -> datetime:
    """Size a signal; when."""
    floor.price(AAPL="100")
    floor.send(signal("ENTRY", leg("BUY", 10)))
    floor.decide()
    return floor.now


def test_of_batches_that_follow_each_other_one_word_a_minute_is_kept(floor: Floor) -> None:
    floor.pass_time(minutes=5)
    first = size_one(floor)
    for _ in range(5):
        floor.pass_time(seconds=11)
        size_one(floor)
    assert [one for one in words_kept(floor) if one >= first] == [first]
    floor.pass_time(seconds=5)
    later = size_one(floor)
    assert [one for one in words_kept(floor) if one >= first] == [first, later]


def test_sizing_goes_by_what_the_broker_says_now_and_not_by_what_was_kept(floor: Floor) -> None:
    floor.pass_time(minutes=5)
    size_one(floor)
    floor.paper.move_cash("USD", Decimal(-10_000))
    floor.pass_time(seconds=1)
    sent = floor.send(signal("ENTRY", leg("BUY", 10)))
    (settled,) = floor.decide()
    assert settled.signal.signal_id == sent
    (decided,) = settled.decisions
    assert Decimal(decided.decision.figures["capital"]["equity"]) == 990_000


def test_equity_that_has_jumped_is_kept_at_once(floor: Floor) -> None:
    floor.pass_time(minutes=5)
    size_one(floor)
    floor.paper.move_cash("USD", Decimal(-200_000))
    floor.pass_time(seconds=1)
    jumped = size_one(floor)
    kept = latest(floor.ledger, "demo-paper")
    assert kept is not None
    assert (kept.as_of, kept.equity) == (jumped, 800_000)


def test_equity_that_is_back_is_good_again_and_stays_so(floor: Floor) -> None:
    floor.pass_time(minutes=5)
    size_one(floor)
    for amount in (-200_000, 200_000, 0):
        floor.paper.move_cash("USD", Decimal(amount))
        floor.pass_time(seconds=1)
        size_one(floor)
        stands = [one.found.kind for one in list_breaks(floor.ledger, sections={Section.EQUITY})]
        assert stands == ([BreakKind.EQUITY_JUMP] if amount < 0 else [])
    kept = latest(floor.ledger, "demo-paper")
    assert kept is not None
    assert kept.equity == 1_000_000


def test_while_a_jump_stands_words_are_kept_as_rarely_as_ever(floor: Floor) -> None:
    floor.pass_time(minutes=5)
    size_one(floor)
    floor.paper.move_cash("USD", Decimal(-200_000))
    before = len(words_kept(floor))
    for _ in range(4):
        floor.pass_time(seconds=10)
        size_one(floor)
    assert len(words_kept(floor)) == before + 1


def test_the_first_word_of_a_day_is_kept_however_lately_another_was(floor: Floor) -> None:
    midnight = floor.now.astimezone(floor.sources.zone).replace(hour=23, minute=59, second=45) + timedelta(seconds=15)
    floor.now = midnight.astimezone(UTC) - timedelta(seconds=5)
    late = size_one(floor)
    floor.pass_time(seconds=10)
    early = size_one(floor)
    assert words_kept(floor)[-2:] == [late, early]
    (today,) = [one for one in list_days(floor.ledger) if one.day == midnight.date()]
    assert [one.as_of for one in today.opened.values()] == [early]
