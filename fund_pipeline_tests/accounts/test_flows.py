"""Cash flows: recorded once, never changed, refused when they cannot be, and never mistaken for profit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow, parse_flow
from fund_pipeline.accounts.flow_files import import_flows
from fund_pipeline.accounts.flows import (
    capital_of_account,
    capital_of_fund,
    list_flows,
    money_in,
    record,
    record_all,
    results,
    reverse,
)
from fund_pipeline.errors import ConflictError, InputError, NotFoundError
from fund_pipeline.ledger import Ledger, tables
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.flow_model import FlowKind
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline_tests.samples import ACT, FUND, NOW, account, deposit

NEW_YORK = ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)


def set_up(ledger: Ledger) -> Ledger:
    """Fund `demo` with two accounts in dollars, one in euros and a LIVE one; and another fund with one."""
    put_fund(ledger, FUND, ACT)
    put_fund(ledger, replace(FUND, fund_id="second", name="Second"), ACT)
    insert_account(ledger, account(), ACT)
    insert_account(ledger, account("other"), ACT)
    insert_account(ledger, account("euros", currency="EUR"), ACT)
    insert_account(ledger, account("real", broker="ibkr", mode=TradingMode.LIVE), ACT)
    insert_account(ledger, account("elsewhere", fund_id="second"), ACT)
    return ledger


@pytest.fixture
def books(embedded: Ledger) -> Ledger:
    """The accounts of `set_up`, embedded."""
    return set_up(embedded)


def test_flows_are_kept_in_order_once_and_for_good_on_either_database(ledger: Ledger) -> None:
    set_up(ledger)
    put = [
        deposit(kind=AskedKind.OPENING, reference="opening"),
        deposit(amount="0.01", kind=AskedKind.FEE, reference="fee", effective_at=NOW - 2 * HOUR),
        deposit(amount="12.345678901234", kind=AskedKind.DIVIDEND, reference="dividend", effective_at=NOW - 3 * HOUR),
        deposit(amount="250", kind=AskedKind.TRANSFER, to_account="other", reference="move", effective_at=NOW - HOUR),
    ]
    first = record_all(ledger, put[:2], NEW_YORK, ACT)
    rest = record_all(ledger, put[2:], NEW_YORK, ACT)
    found = list_flows(ledger, account_id="demo-paper")
    assert set(found) == {one for one in (*first.new, *rest.new) if one.account_id == "demo-paper"}
    assert [one.amount for one in found] == [1_000_000, Decimal("12.345678901234"), Decimal("-0.01"), -250]
    assert [one.amount for one in list_flows(ledger, account_id="other")] == [250]
    assert list_flows(ledger, fund_id="demo", after=NOW - 2 * HOUR, until=NOW - HOUR) == tuple(
        sorted(rest.new[1:], key=lambda one: one.account_id)
    )
    assert list_flows(ledger, mode=TradingMode.LIVE) == list_flows(ledger, fund_id="second") == ()
    again = record_all(ledger, put, NEW_YORK, replace(ACT, actor="somebody else", at=NOW + HOUR))
    assert (again.new, set(again.known)) == ((), {*first.new, *rest.new})
    assert [entry.detail["reference"] for entry in history(ledger, "cash_flow", first.new[0].flow_id)] == ["opening"]
    for change in (update(tables.cash_flows).values(amount=Decimal(9)), delete(tables.cash_flows)):
        with pytest.raises(DBAPIError, match="append-only"), ledger.writing() as connection:
            connection.execute(change)


def test_money_that_is_brought_or_moved_is_capital_and_what_is_earned_or_charged_is_a_result(books: Ledger) -> None:
    put = [
        deposit(amount="1000", kind=AskedKind.OPENING, reference="a"),
        deposit(amount="500", reference="b"),
        deposit(amount="100", kind=AskedKind.WITHDRAWAL, reference="c"),
        deposit(amount="30", kind=AskedKind.PERFORMANCE_FEE, reference="d"),
        deposit(amount="7", kind=AskedKind.FEE, reference="e"),
        deposit(amount="-2", kind=AskedKind.DIVIDEND, reference="f"),
        deposit(amount="3", kind=AskedKind.INTEREST, reference="g"),
        deposit(amount="40", kind=AskedKind.TRANSFER, to_account="other", reference="h"),
    ]
    assert record_all(books, put, NEW_YORK, ACT).refused == ()
    of_fund, of_account = list_flows(books, fund_id="demo"), list_flows(books, account_id="demo-paper")
    assert capital_of_fund(of_fund) == 1000 + 500 - 100 - 30
    assert money_in(of_fund) == 1000 + 500, "what moved between its own accounts did not come in"
    assert capital_of_account(of_account) == 1000 + 500 - 100 - 30 - 40
    assert capital_of_account(list_flows(books, account_id="other")) == 40
    assert results(of_fund) == -7 - 2 + 3
    assert sum(one.amount for one in of_fund) == capital_of_fund(of_fund) + results(of_fund)


def test_every_kind_is_exactly_one_of_capital_transfer_and_result() -> None:
    for kind in FlowKind:
        assert [kind.is_external, kind.is_transfer, kind.is_result].count(True) == 1


def test_a_reversal_undoes_a_flow_on_both_sides_and_only_once(books: Ledger) -> None:
    record(books, deposit(), NEW_YORK, ACT)
    moved = record(books, deposit(kind=AskedKind.TRANSFER, to_account="other", reference="move"), NEW_YORK, ACT)
    with pytest.raises(InputError, match="a reversal says why"):
        reverse(books, moved.new[1].flow_id, " ", ACT)
    rehearsed = reverse(books, moved.new[1].flow_id, "wrong account", ACT, dry_run=True)
    assert len(list_flows(books)) == 3
    undone = reverse(books, moved.new[1].flow_id, "wrong account", ACT)
    assert undone == rehearsed
    assert {one.reverses for one in undone.new} == {one.flow_id for one in moved.new}
    assert capital_of_account(list_flows(books, account_id="other", until=moved.new[1].effective_at)) == 0
    for held in (moved.new[0], undone.new[0]):
        with pytest.raises(ConflictError, match="reverse"):
            reverse(books, held.flow_id, "again", ACT)
    with pytest.raises(NotFoundError, match="flow is 'nothing'"):
        reverse(books, "nothing", "why", ACT)


def test_after_its_opening_was_reversed_an_account_may_have_another(books: Ledger) -> None:
    opening = deposit(kind=AskedKind.OPENING, reference="opening")
    [held] = record(books, opening, NEW_YORK, ACT).new
    with pytest.raises(ConflictError, match="has an opening balance already: 1000000 USD"):
        record(books, replace(opening, reference="another"), NEW_YORK, ACT)
    reverse(books, held.flow_id, "it was less", ACT)
    record(books, replace(opening, reference="another", amount=Decimal(5)), NEW_YORK, ACT)
    assert capital_of_account(list_flows(books)) == 5


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"effective_at": NOW + timedelta(seconds=1)}, InputError, "in the future"),
        ({"effective_at": NOW - timedelta(days=3)}, InputError, "before the inception of account demo-paper"),
        ({"account_id": "nowhere"}, NotFoundError, "account is 'nowhere'"),
        ({"currency": "EUR"}, InputError, "currency is EUR: account demo-paper is in USD"),
        ({"rate": Decimal("1.1")}, InputError, "rate is 1.1"),
        ({"account_id": "euros", "currency": "EUR"}, InputError, "rate is None: account euros is in EUR"),
        ({"account_id": "other", "kind": AskedKind.FEE}, InputError, "before the account had anything"),
        ({"account_id": "other", "kind": AskedKind.WITHDRAWAL}, InputError, "before the account had anything"),
        ({"kind": AskedKind.OPENING}, ConflictError, "has an opening balance already"),
        ({"kind": AskedKind.TRANSFER, "to_account": "elsewhere"}, InputError, "its fund_id is second"),
        ({"kind": AskedKind.TRANSFER, "to_account": "real"}, InputError, "its mode is LIVE"),
        ({"kind": AskedKind.TRANSFER, "to_account": "demo-paper"}, InputError, "the account that it comes from"),
        ({"kind": AskedKind.TRANSFER, "to_account": "euros"}, InputError, "amount_in is None"),
        ({"reference": "opening"}, ConflictError, "reference is 'opening'.*has it already, with the kind OPENING"),
    ],
)
def test_a_flow_that_cannot_be_is_refused_and_leaves_nothing(
    books: Ledger, changed: dict[str, object], error: type[Exception], words: str
) -> None:
    began = NOW - timedelta(days=2)
    record(books, deposit(kind=AskedKind.OPENING, reference="opening", effective_at=began), NEW_YORK, ACT)
    with pytest.raises(error, match=words):
        record(books, deposit(**changed | {"amount": "1"} if "reference" not in changed else changed), NEW_YORK, ACT)  # type: ignore[arg-type]
    assert len(list_flows(books)) == 1


def test_an_opening_comes_before_all_else(books: Ledger) -> None:
    record(books, deposit(), NEW_YORK, ACT)
    late = deposit(kind=AskedKind.OPENING, reference="opening", effective_at=NOW - HOUR)
    with pytest.raises(InputError, match="an OPENING comes before every other flow"):
        record(books, late, NEW_YORK, ACT)


def test_a_transfer_into_another_currency_neither_makes_nor_loses_money_for_the_fund(books: Ledger) -> None:
    record(books, deposit(), NEW_YORK, ACT)
    moved = deposit(
        amount="110", kind=AskedKind.TRANSFER, to_account="euros", amount_in=Decimal(99), reference="exchange"
    )
    record(books, moved, NEW_YORK, ACT)
    flows = list_flows(books)
    assert capital_of_fund(flows) == 1_000_000
    assert [(one.amount, one.currency, one.fund_amount) for one in flows if one.account_id == "euros"] == [
        (99, "EUR", 110)
    ]


def given_fields(**fields: str) -> dict[str, object]:
    usual = {"account": "demo-paper", "kind": "DEPOSIT", "amount": "1", "currency": "USD", "reference": "r"}
    return usual | {"effective": "2026-03-01T12:00"} | fields


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": "NaN"}, "amount is 'NaN'"),
        ({"amount": "Infinity"}, "amount is 'Infinity'"),
        ({"amount": "1e3"}, "amount is '1e3'"),
        ({"amount": "1,000"}, "amount is '1,000'"),
        ({"amount": "0.00"}, "amount is 0"),
        ({"amount": "-1"}, "amount is -1: give a DEPOSIT above zero"),
        ({"amount": ""}, "amount"),
        ({"amount": "0.1234567890123"}, "amount is '0.1234567890123'"),
        ({"kind": "GIFT"}, "kind is 'GIFT'"),
        ({"currency": "usd"}, "currency is 'usd'"),
        ({"currency": ""}, "currency"),
        ({"effective": "tomorrow"}, "effective is 'tomorrow': not a time"),
        ({"effective": "2026-03-01"}, "a day without a time"),
        ({"effective": "2026-03-08T02:30"}, "the clocks of America/New_York skip"),
        ({"effective": "2026-11-01T01:30"}, "the clocks of America/New_York show twice"),
        ({"reference": " "}, "reference is ' '"),
        ({"reference": "a\x00b"}, "cannot be printed"),
        ({"kind": "TRANSFER"}, "to is None"),
        ({"to": "other"}, "to is 'other'"),
        ({"amount_in": "5"}, "amount_in is 5"),
        ({"rate": "0"}, "rate is '0'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_field_and_value(fields: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        parse_flow(given_fields(**fields), NEW_YORK)
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("written", "moment", "day"),
    [
        ("2026-03-08T01:59:59", "2026-03-08T06:59:59", "2026-03-08"),
        ("2026-03-08T03:00:00", "2026-03-08T07:00:00", "2026-03-08"),
        ("2026-11-01T01:30:00-04:00", "2026-11-01T05:30:00", "2026-11-01"),
        ("2026-11-01T01:30:00-05:00", "2026-11-01T06:30:00", "2026-11-01"),
        ("2026-03-02T04:30:00Z", "2026-03-02T04:30:00", "2026-03-01"),
    ],
)
def test_a_flow_counts_at_a_moment_and_on_the_day_of_it_in_the_funds_time_zone(
    books: Ledger, written: str, moment: str, day: str
) -> None:
    asked = parse_flow(given_fields(effective=written), NEW_YORK)
    assert asked.effective_at == datetime.fromisoformat(moment).replace(tzinfo=UTC)
    later = replace(ACT, at=datetime(2027, 1, 1, tzinfo=UTC))
    assert str(record(books, asked, NEW_YORK, later).new[0].value_date) == day


HEAD = "account,kind,amount,currency,effective,reference,to\n"
GOOD = HEAD + (
    "demo-paper,OPENING,1000.00,USD,2026-02-01T09:30,opening,\n"
    "demo-paper,FEE,1.25,USD,2026-02-02T09:30,fee,\n"
    "demo-paper,TRANSFER,10,USD,2026-02-03T09:30,move,other\n"
)


def test_a_file_is_recorded_whole_and_again_changes_nothing(books: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "flows.csv"
    file.write_text(GOOD, encoding="utf-8-sig")
    assert len(import_flows(books, file, NEW_YORK, ACT, dry_run=True).new) == 4
    assert list_flows(books) == ()
    assert len(import_flows(books, file, NEW_YORK, ACT).new) == 4
    again = import_flows(books, file, NEW_YORK, ACT)
    assert (len(again.new), len(again.known), again.is_whole) == (0, 4, True)


def test_a_file_with_a_refused_row_records_nothing_and_tells_every_refused_row(books: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "flows.csv"
    file.write_text(
        GOOD
        + "demo-paper,DEPOSIT,NaN,USD,2026-02-03T10:00,bad,\n"
        + "demo-paper,DEPOSIT,5,USD,2031-02-03T10:00,early,\n"
        + "demo-paper,DEPOSIT,5,USD,2026-02-03T10:00,fine,\n"
        + "demo-paper,DEPOSIT,5,USD,2026-02-03T10:00,long,,more\n"
    )
    done = import_flows(books, file, NEW_YORK, ACT)
    assert [(row.line, row.problem.split(":")[0]) for row in done.refused] == [
        (5, "amount is 'NaN'"),
        (6, "effective is 2031-02-03T15"),
        (8, "more is 'more'"),
    ]
    assert len(done.new) == 5
    assert list_flows(books) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "missing account"),
        (HEAD.replace("amount", "sum"), "missing amount, unknown sum"),
        ('a,"b\n', "not CSV|has"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(books: Ledger, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "flows.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=words):
        import_flows(books, file, NEW_YORK, ACT)
    with pytest.raises(InputError, match="does not exist"):
        import_flows(books, tmp_path / "none.csv", NEW_YORK, ACT)


amounts = some.decimals("0.01", "1000000", places=2)


@given(some.lists(some.tuples(some.sampled_from(AskedKind), amounts, some.integers(0, 1000)), max_size=8))
def test_no_flow_changes_what_is_left_of_equity_when_capital_and_results_are_taken_out(
    flows: list[tuple[AskedKind, Decimal, int]],
) -> None:
    """Equity moved by flows alone has, net of capital, moved by their results alone: a deposit is no profit."""
    from fund_pipeline.accounts import flows as room
    from fund_pipeline.ledger.flows import CashBook

    class Two(dict[str, CashBook]):
        """Books of two accounts without a ledger."""

    held = Two({name: CashBook(account(name), "USD") for name in ("demo-paper", "other")})
    made = []
    for place, (kind, amount, minutes) in enumerate(flows):
        asked = NewFlow(
            "demo-paper",
            kind,
            amount,
            "USD",
            NOW - timedelta(minutes=minutes),
            str(place),
            "other" if kind is AskedKind.TRANSFER else None,
        )
        made += room._flows_of(asked, held, NEW_YORK, ACT)  # type: ignore[arg-type]
    equity = sum((one.amount for one in made), Decimal(0))
    assert equity - capital_of_fund(made) == results(made)
    earned = {AskedKind.DIVIDEND: 1, AskedKind.INTEREST: 1, AskedKind.FEE: -1}
    assert results(made) == sum(earned.get(kind, 0) * amount for kind, amount, _ in flows)
