"""NAVs in the ledger: struck once, struck again while their month is open, and proved from the rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from fund_pipeline.accounts.clients.entry import parse_client, parse_request, parse_terms
from fund_pipeline.accounts.clients.holdings import held_by, returns_of_client, series_of_fund
from fund_pipeline.accounts.clients.requests import ask
from fund_pipeline.accounts.nav.equity import Equity, consolidated
from fund_pipeline.accounts.nav.late import close_month
from fund_pipeline.accounts.nav.proving import prove
from fund_pipeline.accounts.nav.registers import mode_of, registers
from fund_pipeline.accounts.performance import Basis, returns_of
from fund_pipeline.errors import ConflictError, InputError, NotFoundError
from fund_pipeline.ledger import Ledger, tables
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.client_model import RequestState
from fund_pipeline.ledger.clients import get_client, list_terms, put_terms
from fund_pipeline.ledger.closed_months import list_late
from fund_pipeline.ledger.dealing_requests import cancel_request, list_requests
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.nav_model import LateKind
from fund_pipeline.ledger.navs import list_client_days, list_dealings, list_navs
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline_tests.accounts.rows import put_row
from fund_pipeline_tests.books import (
    FUND_DAY,
    PAPER,
    act,
    add_client,
    equity_by_day,
    moment,
    put_flow,
    request,
    strike,
)
from fund_pipeline_tests.samples import ACT, FUND, account, snapshot

D = Decimal


def set_up(ledger: Ledger) -> Ledger:
    """Fund `demo`, founded on 2026-03-02 by ada with 600,000 and bob with 400,000."""
    put_fund(ledger, FUND, ACT)
    insert_account(ledger, account(), ACT)
    put_flow(ledger, "OPENING", "1000000", "2026-03-02T14:00")
    for client, amount in (("ada", "600000"), ("bob", "400000")):
        add_client(ledger, client)
        request(ledger, client, "SUBSCRIPTION", "2026-03-02", "2026-03-02T14:00", amount=amount)
    return ledger


@pytest.fixture
def books(embedded: Ledger) -> Ledger:
    """The fund of `set_up`, embedded."""
    return set_up(embedded)


EQUITY = {
    "2026-03-02": "1010000",
    "2026-03-03": "1110000",  # of it 100,000 from cyd
    "2026-03-04": "1221000",
    "2026-03-05": "1221000",
    "2026-03-06": "1021000",  # ada was paid 200,000
    "2026-03-31": "1021000",
    "2026-04-01": "1020000",
    "2026-04-02": "1030000",
}


def live_through(ledger: Ledger) -> None:
    """The first day's NAV is struck; cyd comes on the 3rd, ada redeems 200,000 on the 5th."""
    strike(ledger, "2026-03-02", equity_by_day(EQUITY))
    add_client(ledger, "cyd", performance_fee=D("0.10"), crystallisation="MONTH_END")
    put_flow(ledger, "DEPOSIT", "100000", "2026-03-03T15:00")
    put_flow(ledger, "WITHDRAWAL", "200000", "2026-03-06T15:00")
    request(ledger, "cyd", "SUBSCRIPTION", "2026-03-03", "2026-03-03T15:00", amount="100000")
    request(ledger, "ada", "REDEMPTION", "2026-03-05", "2026-03-03T15:00", amount="200000")


def test_a_fund_lives_through_its_days_on_either_database_and_all_of_it_is_proved(ledger: Ledger) -> None:
    set_up(ledger)
    live_through(ledger)
    done = strike(ledger, "2026-03-06", equity_by_day(EQUITY))
    assert [str(one.day) for one in done.written] == [f"2026-03-0{number}" for number in range(3, 7)]
    first, second, third, fourth, fifth = list_navs(ledger, "demo", PAPER)
    assert done.written == (second, third, fourth, fifth)
    assert (first.gross, first.units, first.price, first.inflow) == (1_010_000, 10_000, 101, 1_000_000)
    assert (first.performance, first.accrued, first.nav) == (10_000, 2_000, 1_008_000)
    assert (second.gross, second.performance, second.arriving) == (1_010_000, 0, 100_000)
    assert (third.inflow, third.performance, third.gross) == (100_000, 111_000, 1_221_000)
    assert round(third.price, 6) == D("111.1")
    assert (fourth.outflow, fifth.performance, fifth.withdrawn) == (200_000, 0, 200_000)
    assert fifth.gross == 1_221_000 - 200_000 - fourth.redemption_fee
    cyd = list_client_days(ledger, "demo", PAPER, client_id="cyd", since=third.day, until=third.day)[0]
    assert (cyd.units, cyd.gross, cyd.accrued, cyd.value) == (D("990.099009"), 110_000, 1_000, 109_000)
    proof = prove(ledger, "demo", PAPER)
    assert (proof.days, proof.values, proof.units, proof.moves) == (5, (), (), ())
    again = strike(ledger, "2026-03-02", equity_by_day(EQUITY), "2028-01-01")
    assert (again.written, again.known) == ((), 5)
    assert len(history(ledger, "nav", "demo")) == 2
    assert {one.state for one in list_requests(ledger, fund_id="demo")} == {RequestState.DEALT}
    parts = [strike(ledger, f"2026-03-0{number}", equity_by_day(EQUITY)) for number in (2, 6)]
    assert all(not one.written for one in parts)


def test_a_run_killed_half_way_is_taken_up_where_it_stopped(books: Ledger) -> None:
    live_through(books)
    one_by_one = [strike(books, f"2026-03-0{number}", equity_by_day(EQUITY)).written for number in range(3, 7)]
    assert [len(one) for one in one_by_one] == [1] * 4
    figures = list_client_days(books, "demo", PAPER)
    at_once = strike(books, "2026-03-02", equity_by_day(EQUITY | {"2026-03-02": "1010000.01"})).written
    assert [one.revision for one in at_once] == [2, 2, 1, 1, 1]  # what a day made, and the next; not what it is worth
    back = strike(books, "2026-03-02", equity_by_day(EQUITY)).written
    assert [replace(one, revision=1) for one in list_client_days(books, "demo", PAPER)] == list(figures)
    assert [one.digest for one in back][1:] == [one.digest for each in one_by_one for one in each]


def test_a_provisional_nav_deals_nothing_but_what_founds_the_fund_and_is_struck_again(books: Ledger) -> None:
    add_client(books, "cyd")
    put_flow(books, "DEPOSIT", "100", "2026-03-02T14:30")
    request(books, "cyd", "SUBSCRIPTION", "2026-03-02", "2026-03-02T14:00", amount="100")
    early = strike(books, "2026-03-02", lambda when: Equity(D("1000100"), {"demo-paper": when}), "2026-03-02T17:00")
    [nav] = early.written
    assert (nav.is_final, nav.units, nav.nav, nav.arriving) == (False, 10_001, D("1000100"), 0)
    final = strike(books, "2026-03-02", lambda when: Equity(D("1000100"), {"demo-paper": when}), "2026-03-02T22:00")
    assert [(one.is_final, one.revision) for one in final.written] == [(True, 2)]


def test_a_day_without_equity_is_left_out_and_what_was_asked_for_it_is_dealt_at_the_next(books: Ledger) -> None:
    told = {"2026-03-02": "1000100", "2026-03-05": "1000100"}

    def equity_at(when: object) -> Equity | str:
        found = equity_by_day(told)(when)  # type: ignore[arg-type]
        stale = isinstance(found, Equity) and when - found.seen["demo-paper"] > timedelta(days=1)  # type: ignore[operator]
        return "its last word is too old" if stale else found

    add_client(books, "cyd")
    put_flow(books, "DEPOSIT", "100", "2026-03-02T14:30")
    request(books, "cyd", "SUBSCRIPTION", "2026-03-03", "2026-03-02T14:00", amount="100")
    done = strike(books, "2026-03-05", equity_at)
    assert [str(one.day) for one in done.written] == ["2026-03-02", "2026-03-05"]
    assert {str(day): why for day, why in done.left_out.items()} == {
        "2026-03-03": "its last word is too old",
        "2026-03-04": "its last word is too old",
    }
    assert [(str(one.day), one.client_id) for one in list_dealings(books, "demo", PAPER)][2:] == [("2026-03-05", "cyd")]


def test_a_closed_month_stays_as_it_is_and_what_is_found_out_late_counts_in_the_open_one(books: Ledger) -> None:
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    with pytest.raises(ConflictError, match="the NAV of its last day, 2026-03-31, is not struck"):
        close_month(books, "demo", PAPER, march, act("2026-04-01"))
    strike(books, "2026-03-31", equity_by_day(EQUITY), "2026-04-01T00:00")
    before = list_navs(books, "demo", PAPER)
    assert close_month(books, "demo", PAPER, march, act("2026-04-01T12:00"))
    assert not close_month(books, "demo", PAPER, march, act("2026-04-01T13:00"))
    with pytest.raises(ConflictError, match="its month is closed"):
        strike(books, "2026-03-31", equity_by_day(EQUITY | {"2026-03-31": "1"}))
    known = "2026-04-01T14:00"
    flow = put_flow(books, "DEPOSIT", "21000", "2026-03-30T15:00", known=known)
    put_row(
        books,
        tables.executions,
        account_id="demo-paper",
        client_order_id=None,
        broker="paper",
        broker_account="demo-paper",
        broker_execution_id="fill-9",
        side="BUY",
        executed_at=moment("2026-03-31T19:00"),
        received_at=moment(known),
    )
    done = strike(books, "2026-04-02", equity_by_day(EQUITY))
    assert {(one.kind, one.entity_id, one.month, one.booked_on) for one in done.late} == {
        (LateKind.FLOW, flow, march, april),
        (LateKind.EXECUTION, "paper/demo-paper/fill-9", march, april),
    }
    assert set(list_late(books, "demo", PAPER)) == set(done.late)
    assert list_navs(books, "demo", PAPER, until=date(2026, 3, 31)) == before
    [of_first, _] = list_navs(books, "demo", PAPER, since=april)
    assert of_first.performance == -1_000 - 21_000  # the late deposit had looked like a gain in March
    assert prove(books, "demo", PAPER).moves == ()
    assert strike(books, "2026-04-02", equity_by_day(EQUITY)).late == ()


def test_money_counts_when_its_accounts_equity_has_seen_it(books: Ledger) -> None:
    """A deposit after the last snapshot before the close is in neither: it would look like a loss until the next."""
    put_flow(books, "DEPOSIT", "50000", "2026-03-02T20:30")
    [nav] = strike(books, "2026-03-02", equity_by_day({"2026-03-02": "1000000"})).written
    assert (nav.deposited, nav.performance) == (1_000_000, 0)
    more = {"2026-03-02": "1000000", "2026-03-03": "1050000"}
    [after] = strike(books, "2026-03-03", equity_by_day(more)).written
    assert (after.deposited, after.performance, after.nav) == (1_050_000, 0, 1_000_000)


def test_money_on_its_way_between_accounts_is_the_funds_all_the_time(books: Ledger) -> None:
    from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow
    from fund_pipeline.accounts.flows import record

    insert_account(books, account("other"), ACT)
    moved = NewFlow("demo-paper", AskedKind.TRANSFER, D(300_000), "USD", moment("2026-03-03T15:00"), "t", "other")
    record(books, moved, FUND_DAY.zone, act("2026-03-03T16:00"))
    early, late = moment("2026-03-03T14:00"), moment("2026-03-03T20:00")
    seen = Equity(D(700_000), {"demo-paper": late, "other": early})
    [_, nav] = strike(
        books,
        "2026-03-03",
        lambda when: seen if when > late else Equity(D(1_000_000), {"demo-paper": moment("2026-03-02T20:00")}),
    ).written
    assert (nav.equity, nav.performance) == (1_000_000, 0)


def test_the_nav_is_struck_from_the_snapshots_in_the_ledger(books: Ledger) -> None:
    close = moment("2026-03-08T21:00")  # 17:00 of the day on which the clocks were put forward, an hour early in UTC
    assert FUND_DAY.close_of(date(2026, 3, 8)) == close
    assert FUND_DAY.close_of(date(2026, 3, 7)) == moment("2026-03-07T22:00")
    for at, equity in ((close - timedelta(hours=1), "1000500"), (close + timedelta(minutes=1), "9")):
        record_snapshot(books, snapshot(equity=equity, as_of=at, received_at=at))
    equity_at = consolidated(books, "demo", PAPER)
    done = strike(books, "2026-03-08", equity_at)
    assert [(str(one.day), one.equity, one.as_of) for one in done.written] == [
        ("2026-03-08", D(1_000_500), close - timedelta(hours=1))
    ]
    assert "its broker has said nothing by then" in done.left_out[date(2026, 3, 2)]
    stale = equity_at(moment("2026-03-30"))
    assert isinstance(stale, str)
    assert "older than 4 days" in stale


def test_twr_and_mwr_of_a_client_follow_from_the_days_net_and_gross(books: Ledger) -> None:
    live_through(books)
    strike(books, "2026-03-06", equity_by_day(EQUITY))
    fund = returns_of(series_of_fund(list_navs(books, "demo", PAPER), Basis.GROSS), Basis.GROSS)
    assert isinstance(fund.twr, Decimal)
    assert abs(fund.twr - D("0.111")) < D("1e-6")  # 1 % on the first day, 10 % on the third
    net, gross = (returns_of_client(books, get_client(books, "cyd"), basis) for basis in (Basis.NET, Basis.GROSS))
    assert net is not None
    assert gross is not None
    assert abs(gross.twr - D("0.10")) < D("1e-6")  # type: ignore[operator]
    assert abs(net.twr - D("0.09")) < D("1e-6")  # type: ignore[operator]
    assert net.profit == 9_000


@pytest.mark.parametrize(
    ("table", "found"), [(tables.client_days, "values"), (tables.dealings, "units"), (tables.navs, "moves")]
)
def test_a_row_that_somebody_changed_is_found(books: Ledger, table: object, found: str) -> None:
    strike(books, "2026-03-02", equity_by_day(EQUITY))
    column = {"values": "value", "units": "units", "moves": "performance"}[found]
    with books.writing() as connection:
        connection.execute(update(table).values({column: D("1.23")}))  # type: ignore[arg-type]
    proof = prove(books, "demo", PAPER)
    assert {name for name in ("values", "units", "moves") if getattr(proof, name)} == {found}


@pytest.mark.parametrize(
    ("kind", "more", "error", "words"),
    [
        ("REDEMPTION", {"units": "6000.000001"}, ConflictError, "units is 6000.000001: client ada holds 6000 units"),
        ("REDEMPTION", {"amount": "604800.01"}, ConflictError, "worth 604800"),
        ("REDEMPTION", {"amount": "1", "units": "1"}, InputError, "give one of amount, units and everything"),
        ("REDEMPTION", {}, InputError, "give one of amount, units and everything"),
        ("REDEMPTION", {"amount": "0"}, InputError, "amount is '0'"),
        ("REDEMPTION", {"amount": "0.001"}, InputError, "amount is '0.001'"),
        ("REDEMPTION", {"units": "NaN"}, InputError, "units is 'NaN'"),
        ("SUBSCRIPTION", {"units": "1"}, InputError, "a subscription is of an amount"),
        ("SUBSCRIPTION", {"amount": "1", "to_client": "bob"}, InputError, "to_client is 'bob'"),
        ("TRANSFER", {"units": "1"}, InputError, "to_client is None"),
        ("TRANSFER", {"units": "1", "to_client": "ada"}, InputError, "to_client is 'ada'"),
        ("TRANSFER", {"units": "1", "to_client": "nobody"}, NotFoundError, "client is 'nobody'"),
        ("TRANSFER", {"units": "1", "to_client": "far"}, InputError, "of fund second"),
        ("REDEMPTION", {"units": "1", "day": "2026-03-02"}, ConflictError, "its price is known"),
        ("REDEMPTION", {"units": "1", "day": "soon"}, InputError, "day is 'soon'"),
    ],
)
def test_a_request_that_cannot_be_is_refused_and_leaves_nothing(
    books: Ledger, kind: str, more: dict[str, object], error: type[Exception], words: str
) -> None:
    put_fund(books, replace(FUND, fund_id="second", name="Second"), ACT)
    add_client(books, "far", "second")
    strike(books, "2026-03-02", equity_by_day(EQUITY))
    asked = {"client_id": "ada", "kind": kind, "day": "2026-03-09", "reference": "r"}
    when = act("2026-03-03")
    with pytest.raises(error, match=words):
        ask(books, parse_request(asked | more, when), when)
    assert len(list_requests(books, client_id="ada")) == 1


def test_what_is_asked_for_already_is_not_held_any_more_until_it_is_taken_back(books: Ledger) -> None:
    strike(books, "2026-03-02", equity_by_day(EQUITY))
    assert request(books, "ada", "REDEMPTION", "2026-03-09", "2026-03-03", units="4000")
    assert not request(books, "ada", "REDEMPTION", "2026-03-09", "2026-03-04", units="4000")
    with pytest.raises(ConflictError, match=r"reference is 'REDEMPTION 2026-03-09'.*the units 4000 and not 4001"):
        request(books, "ada", "REDEMPTION", "2026-03-09", "2026-03-04", units="4001")
    with pytest.raises(ConflictError, match="2000 are left"):
        request(books, "ada", "TRANSFER", "2026-03-10", "2026-03-04", units="2000.5", to_client="bob")
    waiting = [one for one in list_requests(books, client_id="ada") if one.state is RequestState.WAITING]
    assert cancel_request(books, waiting[0].request_id, ACT).state is RequestState.CANCELLED
    assert request(books, "ada", "TRANSFER", "2026-03-10", "2026-03-04", everything=True, to_client="bob")
    for request_id in (waiting[0].request_id, list_dealings(books, "demo", PAPER)[0].request_id or ""):
        with pytest.raises(ConflictError, match="cannot be taken back"):
            cancel_request(books, request_id, ACT)
    strike(books, "2026-03-11", equity_by_day(EQUITY))
    assert [held_by(books, get_client(books, one)).units for one in ("ada", "bob")] == [0, 10_000]


def test_terms_have_versions_and_none_reaches_back_behind_a_nav(books: Ledger) -> None:
    strike(books, "2026-03-02", equity_by_day(EQUITY))
    given = {"client_id": "ada", "performance_fee": "0.1", "crystallisation": "MONTH_END"}
    with pytest.raises(ConflictError, match="the NAV of 2026-03-02 is struck under the terms of before"):
        put_terms(books, parse_terms(given | {"valid_from": "2026-03-02"}, ACT), ACT)
    later = parse_terms(given | {"valid_from": "2026-03-03"}, ACT)
    assert put_terms(books, later, ACT)
    assert not put_terms(books, later, ACT)
    with pytest.raises(ConflictError, match="has terms of that day already"):
        put_terms(books, replace(later, performance_fee=D("0.3")), ACT)
    with pytest.raises(InputError, match=r"performance_fee is '0\.51'"):
        parse_terms(given | {"valid_from": "2026-03-03", "performance_fee": "0.51"}, ACT)
    assert [one.performance_fee for one in list_terms(books, ["ada"])["ada"]] == [D("0.2"), D("0.1")]
    strike(books, "2026-03-03", equity_by_day({"2026-03-02": "1010000", "2026-03-03": "1010000"}))
    accrued = [one.accrued for one in list_client_days(books, "demo", PAPER, client_id="ada")]
    assert accrued == [1_200, 600]


def test_a_strike_needs_a_fund_with_clients_and_a_day_that_has_come(books: Ledger) -> None:
    put_fund(books, replace(FUND, fund_id="second", name="Second"), ACT)
    with pytest.raises(InputError, match="day is 2026-03-03: the day that closes next is 2026-03-02"):
        strike(books, "2026-03-03", equity_by_day(EQUITY), "2026-03-02T21:59")
    assert FUND_DAY.running(moment("2026-03-02T22:00")) == date(2026, 3, 3)
    with pytest.raises(NotFoundError, match="no fund 'nowhere'"):
        close_month(books, "nowhere", PAPER, date(2026, 3, 1), ACT)
    from fund_pipeline.accounts.nav.strikes import strike_days

    with pytest.raises(ConflictError, match="has no PAPER client"):
        strike_days(books, "second", PAPER, [date(2026, 3, 2)], FUND_DAY, equity_by_day(EQUITY), ACT)
    assert registers(books) == (("demo", PAPER),)
    assert mode_of(books, "demo") is PAPER
    insert_account(books, account("real", broker="ibkr", mode=TradingMode.LIVE), ACT)
    assert mode_of(books, "demo") is TradingMode.LIVE


def test_a_client_is_added_once(books: Ledger) -> None:
    given = {"client_id": "ada", "fund_id": "demo", "mode": "PAPER", "name": "Ada", "valid_from": "2026-01-01"}
    from fund_pipeline.ledger.clients import insert_client

    assert not insert_client(books, *parse_client(given, ACT), ACT)
    for changed, error, words in (
        ({"name": "Another"}, ConflictError, "client ada is there already"),
        ({"client_id": "dan", "fund_id": "nowhere"}, NotFoundError, "fund is 'nowhere'"),
        ({"client_id": "dan", "user_id": "nobody"}, NotFoundError, "user is 'nobody'"),
        ({"client_id": "Dan"}, InputError, "client_id is 'Dan'"),
        ({"client_id": "dan", "performance_fee": "-0.1"}, InputError, "performance_fee is '-0.1'"),
    ):
        with pytest.raises(error, match=words):
            insert_client(books, *parse_client(given | changed, ACT), ACT)
