"""A sender's months, in one story on both databases: loss carried forward, new peak, late fill, euro, payment."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from fund_pipeline.accounts.payouts import (
    overview_of_fund,
    overview_of_sender,
    rates_of_days,
    set_terms,
    unrealised_of_sender,
)
from fund_pipeline.accounts.stated_rates import parse_rate
from fund_pipeline.errors import ConflictError, FundError, InputError, NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Mark
from fund_pipeline.ledger.audit import list_audit
from fund_pipeline.ledger.flows import list_flows
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.payout_model import Payout
from fund_pipeline.ledger.payouts import items_of_sender, payouts_of_sender
from fund_pipeline.ledger.rates import state_rate
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline.terms import OrderRole, Side
from fund_pipeline_tests.accounts.payouts.fills import KO
from fund_pipeline_tests.accounts.payouts.story import SAP, ZONE, Story, act, at
from fund_pipeline_tests.samples import snapshot


@pytest.fixture
def story(ledger: Ledger) -> Story:
    return Story(ledger)


def figures(one: Payout) -> tuple[Decimal, ...]:
    return tuple(getattr(one, name) for name in ("realised", "late", "cumulative", "peak_before", "due"))


def amounts(*texts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(text) for text in texts)


def test_losses_carry_forward_each_peak_is_paid_once_and_what_comes_late_is_settled_in_the_open_month(
    story: Story,
) -> None:
    ledger = story.ledger
    set_terms(ledger, "ann", date(2025, 1, 1), Decimal("0.25"), "USD", act(1, 2))
    story.trade("jan", "S", KO, "50", "60", at(1, 10), at(1, 20))  # + 1000 - 2
    story.trade("feb", "S", KO, "60", "55", at(1, 30), at(2, 10))  # - 500 - 1, and 1 in January
    story.trade("mar", "S", KO, "50", "57.5", at(3, 3), at(3, 31, 23))  # + 750 - 2, in March by New York's clock

    assert [one.month for one in story.close(1, (2, 1), dry_run=True).closed] == [date(2025, 1, 1)]
    assert payouts_of_sender(ledger, "ann") == ((), ())
    with pytest.raises(ConflictError, match="month is 2025-03: it is not over"):
        story.close(3, (3, 31))
    (january,) = story.close(1, (2, 1)).closed
    assert figures(january) == amounts("997", "0", "997", "0", "249.25")
    assert january.due_on == date(2025, 2, 1)
    february, march = story.close(None, (4, 1)).closed
    assert figures(february) == amounts("-501", "0", "496", "997", "0")
    assert figures(march) == amounts("748", "0", "1244", "997", "61.75")
    assert story.close(None, (4, 1)).closed == ()  # again, nothing

    # A trade of February that the broker told of in April.
    story.desk.signal("late", "ann", "S", at(2, 5))
    terms = {"quantity": 100, "strategy": "S"}
    bought = story.desk.order("late", "usd", OrderRole.ENTRY, at(2, 5), **terms)
    story.filled(bought, Side.BUY, KO, "50", at(2, 5), told=at(4, 2))
    stopped = story.desk.order("late", "usd", OrderRole.STOP, at(2, 6), **terms)
    story.filled(stopped, Side.SELL, KO, "48", at(2, 6), told=at(4, 2))
    story.trade("apr", "S", KO, "50", "60", at(4, 3), at(4, 4))
    (april,) = story.close(None, (5, 1)).closed
    assert figures(april) == amounts("796", "-202", "2040", "1244", "199")
    late = [one for one in items_of_sender(ledger, "ann", april.month) if one.executed_month < april.month]
    assert [(one.entry_signal_id, one.net) for one in late] == [("late", -1), ("late", -201)]
    assert sum(one.net for one in items_of_sender(ledger, "ann")) == april.cumulative

    _payment_is_a_ledger_entry_made_once(story)
    (shown,) = overview_of_sender(ledger, "ann", at(5, 2), ZONE)
    assert (shown.paid, shown.outstanding, shown.next_payment_on) == (
        Decimal("249.25"),
        Decimal("260.75"),
        date(2025, 6, 1),
    )
    assert overview_of_sender(ledger, "bob", at(5, 2), ZONE) == ()
    assert overview_of_fund(ledger, "demo", at(5, 1, 1), ZONE)[0].next_payment_on == date(2025, 5, 1)
    actions = [row.entry.action for row in list_audit(ledger, entity="payout")]
    assert actions == ["payout_closed"] * 4 + ["payout_paid"]


def _payment_is_a_ledger_entry_made_once(story: Story) -> None:
    story.pay(1, (5, 1), dry_run=True)
    paid = story.pay(1, (5, 1), note="by wire")
    (flow,) = [one for one in list_flows(story.ledger) if one.kind == "FEE"]
    assert (flow.amount, flow.flow_id, flow.reference) == (Decimal("-249.25"), paid.flow_id, "payout PAPER ann 2025-01")
    refusals: list[tuple[type[FundError], str, dict[str, object]]] = [
        (ConflictError, "was paid on 2025-05-01 from usd", {"month": 1}),
        (ConflictError, "is 0: nothing is due", {"month": 2}),
        (NotFoundError, "no PAPER payout of ann for 2025-09", {"month": 9}),
        (InputError, "amount is None: account eur is in EUR", {"month": 3, "account_id": "eur"}),
        (NotFoundError, "no account 'gone'", {"month": 3, "account_id": "gone"}),
    ]
    for error, words, options in refusals:
        with pytest.raises(error, match=words):
            story.pay(on=(5, 1), **options)  # type: ignore[arg-type]
    assert len(list_flows(story.ledger)) == 2


def test_other_currencies_count_at_the_rate_of_their_day_which_is_recorded(story: Story) -> None:
    ledger = story.ledger
    set_terms(ledger, "bob", date(2025, 2, 1), Decimal("0.5"), "USD", act(1, 2))
    story.trade("before", "T", SAP, "100", "200", at(1, 10), at(1, 20))  # nothing was agreed yet
    story.trade("feb", "T", SAP, "200", "210", at(1, 30), at(2, 14))
    assert story.close(1, (2, 1)).without_terms == ("bob",)
    with pytest.raises(InputError, match="the rate of EUR in USD on 2025-02-14 is not known"):
        story.close(2, (3, 1))
    for day, rate in ((13, "1.04"), (14, "1.05"), (15, "1.09")):
        stated = parse_rate("EUR", "USD", rate, f"2025-02-{day}T12:00", "usd", ZONE, at(2, 28))
        state_rate(ledger, stated, act(2, 28))
    (february,) = story.close(2, (3, 1)).closed
    assert figures(february) == amounts("1049", "0", "1049", "0", "524.5")  # 1000 EUR x 1.05 - 1 USD
    (item,) = items_of_sender(ledger, "bob")
    assert (item.gain, item.currency, item.gain_rate, item.commission_rate) == (1000, "EUR", Decimal("1.05"), 1)

    # New terms in euro: what was reckoned so far is carried at the rate of the last day before them.
    with pytest.raises(ConflictError, match="for 2025-02 is closed by its former terms"):
        set_terms(ledger, "bob", date(2025, 1, 1), Decimal("0.4"), "EUR", act(3, 2))
    set_terms(ledger, "bob", date(2025, 3, 1), Decimal("0.4"), "EUR", act(3, 2))
    state_rate(ledger, parse_rate("EUR", "USD", "1.25", "2025-02-28T12:00", "usd", ZONE, at(3, 2)), act(3, 2))
    (march,) = story.close(3, (4, 1)).closed
    assert (march.carried_rate, march.currency) == (Decimal("0.8"), "EUR")
    assert figures(march) == amounts("0", "0", "839.2", "839.2", "0")


def test_what_is_not_realised_is_shown_and_not_paid(story: Story) -> None:
    ledger = story.ledger
    set_terms(ledger, "ann", date(2025, 1, 1), Decimal("0.25"), "USD", act(1, 2))
    story.enter("open", "S", KO, "50", at(1, 10))
    of = ("demo", TradingMode.PAPER, "ann")
    rates = rates_of_days(ledger, ZONE)
    assert unrealised_of_sender(ledger, of, at(1, 31), ZONE, rates).unknown == (KO,)
    marks = {KO: Mark(Decimal(50), Decimal("53.5"), Decimal(1), "USD")}
    heard = {"as_of": at(1, 31), "received_at": at(1, 31), "positions": {KO: Decimal(100)}, "marks": marks}
    record_snapshot(ledger, snapshot("usd", **heard))
    assert unrealised_of_sender(ledger, of, at(1, 31), ZONE, rates).amount == 350
    (january,) = story.close(1, (2, 1)).closed
    assert figures(january) == amounts("-1", "0", "-1", "0", "0")


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        ("share is 25", {"share": Decimal(25)}),
        ("share is NaN", {"share": Decimal("NaN")}),
        ("currency is 'usd'", {"currency": "usd"}),
        ("valid_from is 2025-01-02", {"valid_from": date(2025, 1, 2)}),
        ("no sender 'zoe'", {"sender_id": "zoe"}),
    ],
)
def test_terms_that_mean_nothing_are_refused(embedded: Ledger, words: str, terms: dict[str, object]) -> None:
    given = {"sender_id": "ann", "valid_from": date(2025, 1, 1), "share": Decimal("0.2"), "currency": "USD"}
    with pytest.raises(InputError, match=words):
        set_terms(embedded, act=act(1, 2), **given | terms)  # type: ignore[arg-type]
