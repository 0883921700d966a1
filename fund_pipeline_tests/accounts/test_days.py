"""A fund's day: opened once, by facts that stay, net of what clients bring, and stopped until its time or a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.accounts.days import Look, seen, worth
from fund_pipeline.accounts.halts import lift_drawdown
from fund_pipeline.accounts.snapshots import previous_session_end
from fund_pipeline.cerebro.sizing import SizingRules
from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.flow_model import CashFlow, FlowKind
from fund_pipeline.ledger.fund_day_model import FundDay, Opening
from fund_pipeline.ledger.fund_days import drawdown_stops, keep_day, list_days, read_days
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline_tests.samples import ACT, FUND

D = Decimal
PAPER = TradingMode.PAPER
MIDNIGHT = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
NOON = MIDNIGHT + timedelta(hours=12)
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
RULES = SizingRules(drawdown_stop=D("0.1"))
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def desk(ledger: Ledger) -> Ledger:
    """Either ledger, with a fund."""
    put_fund(ledger, FUND, ACT)
    return ledger


def opening(equity: object, rate: object = 1, at: datetime = MIDNIGHT) -> Opening:
    return Opening(D(str(equity)), "USD" if rate == 1 else "EUR", D(str(rate)), at)


def look(
    equity: object, openings: Mapping[str, Opening | None], flows: tuple[CashFlow, ...] = (), **more: object
) -> Look:
    values: dict[str, object] = {
        "fund_id": "demo",
        "mode": PAPER,
        "day": MONDAY,
        "began_at": MIDNIGHT,
        "currency": "USD",
        "now": NOON,
        "openings": openings,
        "equity": None if equity is None else D(str(equity)),
        "rules": RULES,
        "flows_after": lambda after: [one for one in flows if one.effective_at > after],
    }
    return Look(**values | more)  # type: ignore[arg-type]


def flow(amount: object, hours: float, kind: FlowKind = FlowKind.DEPOSIT, account: str = "a") -> CashFlow:
    at = MIDNIGHT + timedelta(hours=hours)
    money = D(str(amount))
    return CashFlow("f", "demo", account, kind, money, "USD", money, at, at.date(), "r", "ada", at)


def opened(equity: object, flows: tuple[CashFlow, ...] = (), start: object = 100) -> FundDay:
    found = seen(None, None, look(equity, {"a": opening(start)}, flows))
    assert found is not None
    return found


def test_a_day_is_opened_only_when_the_start_of_every_account_is_known() -> None:
    assert seen(None, None, look(100, {"a": opening(60), "b": None})) is None
    assert worth(None, look(100, {"a": opening(60), "b": None})).day_change is None
    assert seen(None, None, look(None, {})) is None


def test_what_was_recorded_stays_whatever_is_heard_later() -> None:
    first = seen(None, None, look(110, {"a": opening(100, "1.1")}))
    assert first is not None
    again = seen(first, None, look(110, {"a": opening(90, "1.3")}))
    assert again is not None
    assert again.opened == first.opened
    assert worth(again, look(110, {"a": None})).day_start_equity == 110


def test_the_days_change_is_net_of_what_clients_brought_after_the_word_that_opened_it() -> None:
    flows = (flow(50, -1), flow(30, 1), flow(-10, 2, FlowKind.WITHDRAWAL), flow(-2, 3, FlowKind.FEE))
    facts = worth(opened(118, flows), look(118, {"a": opening(100)}, flows))
    assert facts.day_flows == 20  # an older deposit is in the opening, and a fee is a result
    assert facts.day_change == D("-0.02")


def test_a_balance_that_the_books_begin_with_is_no_money_that_came_in() -> None:
    flows = (flow(100, 1, FlowKind.OPENING),)
    assert worth(opened(100, flows), look(100, {"a": opening(100)}, flows)).day_change == 0


def test_an_account_that_is_new_today_joins_with_what_it_began_with() -> None:
    day = opened(99)
    both = {"a": opening(100), "b": opening(50, at=NOON)}
    joined = seen(day, None, look(149, both))
    assert joined is not None
    assert worth(joined, look(149, both)).day_change == D(-1) / 150
    assert worth(joined, look(49, {"b": None})).day_start_equity == 50  # the other one was closed


def test_a_loss_of_the_limit_stops_the_day_even_if_it_gains_again() -> None:
    assert opened("98.01").day_stopped_at is None
    stopped = opened(98)
    assert stopped.day_stopped_at == NOON
    gained = seen(stopped, None, look(105, {"a": opening(100)}, now=NOON + timedelta(hours=1)))
    assert gained is not None
    assert worth(gained, look(105, {"a": opening(100)})).day_stopped
    next_day = seen(None, gained, look(105, {"a": opening(105)}, day=TUESDAY))
    assert next_day is not None
    assert not worth(next_day, look(105, {"a": opening(105)})).day_stopped


def test_the_drawdown_stop_outlasts_the_day_and_every_gain() -> None:
    day = opened(120)
    fallen = seen(day, None, look("108", {"a": opening(100)}))
    assert fallen is not None
    assert fallen.peak == D("1.2")
    assert fallen.drawdown_stopped_at == NOON  # 10 % from 120, though 8 % above the day's start
    later = seen(None, fallen, look(200, {"a": opening(200)}, day=TUESDAY))
    assert later is not None
    assert worth(later, look(200, {"a": opening(200)})).drawdown_stopped


@given(
    st.decimals("0.5", "2", places=3),
    st.decimals("0.5", "2", places=3),
    st.decimals(-80, 1000, places=2),
    st.booleans(),
)
def test_money_that_clients_bring_or_take_changes_no_drawdown(
    first: Decimal, second: Decimal, amount: Decimal, by_day: bool
) -> None:
    """As unit values have it: a flow over night, or within the day, leaves the fall from the peak as it was."""
    rules = SizingRules()
    monday = seen(None, None, look(100 * first, {"a": opening(100)}, rules=rules))
    assert monday is not None
    ended = 100 * first
    flows = () if by_day else (flow(amount * ended / 100, 20),)
    start = ended if by_day else ended + amount * ended / 100
    openings = {"a": opening(start, at=MIDNIGHT + timedelta(hours=24))}
    now = start * second
    if by_day:
        flows = (flow(amount * now / 100, 30),)
        now += amount * now / 100
    tuesday = look(now, openings, flows, day=TUESDAY, rules=rules)
    day = seen(None, monday, tuesday)
    assert day is not None
    drawdown = worth(day, tuesday).drawdown
    assert drawdown is not None
    assert abs(drawdown - min(first * second / max(D(1), first, first * second) - 1, D(0))) < D("1e-9")


def test_two_who_open_a_day_at_once_open_it_once(desk: Ledger) -> None:
    def see(equity: int) -> Callable[[FundDay | None, FundDay | None], FundDay | None]:
        return lambda today, before: seen(today, before, look(equity, {"a": opening(equity)}))

    with ThreadPoolExecutor(4) as pool:
        days = list(pool.map(lambda n: keep_day(desk, "demo", PAPER, MONDAY, see(100 + n)), range(4)))
    assert len({one.opening_equity() for one in days if one is not None}) == 1
    (kept,) = list_days(desk, fund_id="demo")
    today, before = read_days(desk, "demo", PAPER, MONDAY)
    assert (today, before) == (kept, None)
    assert read_days(desk, "demo", PAPER, TUESDAY) == (None, kept)
    assert read_days(desk, "demo", TradingMode.LIVE, MONDAY) == (None, None)


def test_a_person_ends_a_drawdown_stop_and_the_peak_is_counted_anew(desk: Ledger) -> None:
    with pytest.raises(ConflictError):
        lift_drawdown(desk, "demo", "all is well", ACT)
    openings = {"a": opening(100)}
    keep_day(desk, "demo", PAPER, MONDAY, lambda today, before: seen(today, before, look(85, openings)))
    (stop,) = drawdown_stops(desk)
    assert stop.drawdown_stopped_at == NOON
    with pytest.raises(InputError):
        lift_drawdown(desk, "demo", " ", ACT)
    assert lift_drawdown(desk, "demo", "reviewed", ACT, dry_run=True) == [stop]
    assert lift_drawdown(desk, "demo", "reviewed", ACT) == [stop]
    assert drawdown_stops(desk) == ()
    assert "drawdown_stop_lifted" in {one.action for one in history(desk, "fund", "demo")}
    day = keep_day(desk, "demo", PAPER, MONDAY, lambda today, before: seen(today, before, look(84, openings)))
    assert day is not None
    assert (day.peak, day.drawdown_stopped_at) == (D("0.84"), None)
    assert worth(day, look(84, openings)).drawdown == 0


@pytest.mark.parametrize(
    ("now", "ended"),
    [
        ("2026-03-03T15:00", "2026-03-02T21:00"),  # a Tuesday
        ("2026-03-02T15:00", "2026-02-27T21:00"),  # a Monday: Friday's
        ("2026-03-01T15:00", "2026-02-27T21:00"),  # a Sunday
        ("2026-03-10T15:00", "2026-03-09T20:00"),  # clocks went forward
    ],
)
def test_the_session_before_a_day_ended_on_the_last_weekday(now: str, ended: str) -> None:
    moment, end = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (now, ended))
    assert previous_session_end(moment, NEW_YORK) == end


def test_a_day_is_read_back_as_it_was_recorded(desk: Ledger) -> None:
    day = seen(None, None, look("131.5", {"a": opening("100.25", "1.0833333333"), "b": opening(20)}))
    assert day is not None
    assert keep_day(desk, "demo", PAPER, MONDAY, lambda *_: day) == day
    assert list_days(desk) == (day,)
    assert replace(day, peak=None) != day
