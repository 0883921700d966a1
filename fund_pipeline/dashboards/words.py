"""A dashboard in plain language: what is so, and what a person should do about it. No figure is computed here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from fund_pipeline.dashboards.model import AdminDashboard, ClientDashboard, RateUse, Row, SenderDashboard

DASH = "–"

HEALTH = {
    "OK": "All is well.",
    "WAITING": "Entries wait until the accounts are heard of again; exits go.",
    "ATTENTION": "A person must look.",
    "HALTED": "Trading is halted.",
}

ACTIONS = {
    "HALTED": (
        "nothing but cancels is sent",
        "`fund resume`, once the reason is gone; `fund halts` says who halted and why",
    ),
    "REDUCING": (
        "only exits are sent",
        "`fund resume`, once the reason is gone; `fund halts` says who asked for it and why",
    ),
    "CRITICAL_ALERTS": ("there are alerts that want a person at once", "`fund alerts list`, and do what each says"),
    "BOOKS_DIFFER": (
        "our books and a broker's differ, and what differs takes no entries",
        "`fund breaks list`, and `fund reconcile --explain` for what would be done",
    ),
    "UNKNOWN_ORDERS": (
        "nobody knows whether the broker has some orders",
        "`fund orders list --state UNKNOWN`, and ask the broker for each by its id; do not send it again",
    ),
    "MARGIN_OVER_MAX": ("more margin is used than the limit allows", "close something, or add equity to the account"),
    "NO_RATE": (
        "a rate to the fund's currency is not known, so what rests on it is not shown",
        "`fund rates add`, from a broker's statement",
    ),
    "NO_ACCOUNT": ("the fund has no open account", "`fund accounts add`"),
    "STATE_TOO_OLD": (
        "a broker's last word on an account is older than entries allow",
        "nothing while its market is closed; else look whether the broker is connected",
    ),
}
"""What a code of `health_reasons` says, and what to do."""


@dataclass(frozen=True)
class ToDo:
    """Something that is not as it should be, and what a person should do about it."""

    code: str
    what: str
    remedy: str


def to_dos(overview: Row) -> tuple[ToDo, ...]:
    """What is not as it should be with a fund, in the order of urgency. A code without words is told as it is."""
    codes = str(overview["health_reasons"]).split()
    return tuple(ToDo(code, *ACTIONS.get(code, (code, "look at the run's log"))) for code in codes)


def admin_report(dashboard: AdminDashboard) -> Iterator[str]:
    """A fund in a few sentences."""
    it = dashboard.overview
    money = it["currency"]
    yield f"{it['fund_name']}: {HEALTH[it['health']]}"
    for one in to_dos(it):
        yield f"{one.what.capitalize()}. Do: {one.remedy}."
    if it["equity"] is None:
        yield "What it is worth is not known: not every account of it has been heard of, or can be summed."
    else:
        day = f"{signed(it['pnl_today'])} {money} ({signed_percent(it['pnl_today_share'])}) today"
        yield f"It is worth {amount(it['equity'])} {money}, {day}; {amount(it['cash'])} {money} of it is cash."
        yield (
            f"It uses {amount(it['margin_used'])} {money} of margin, {percent(it['margin_used_of_max'])} of the "
            f"{percent(it['margin_cap'])} of equity that it may."
        )
    yield from rates_told(dashboard)
    yield (
        f"{counted(it['open_positions'], 'position')} open, {counted(it['working_orders'], 'order')} working, "
        f"{counted(it['signals_today'], 'signal')} today, {counted(it['open_alerts'], 'alert')} unanswered."
    )


def rates_told(dashboard: AdminDashboard) -> Iterator[str]:
    """At which rates, of when, the figures are; which lack, and which days are left out for want of one."""
    money, zone = dashboard.overview["currency"], ZoneInfo(dashboard.overview["time_zone"])
    left_out: dict[str, list[Row]] = {}
    for row in dashboard.rates:
        then = "now" if row["used_for"] == RateUse.NOW else f"at {_moment(row['moment'], zone)}, for the day's start"
        if row["used_for"] == RateUse.DAY_END:
            if row["rate"] is None:
                left_out.setdefault(row["problem"], []).append(row)
        elif row["rate"] is None:
            yield f"Not known {then}: {row['problem']}."
        else:
            told = f"{row['told_by']} told it at {_moment(row['told_at'], zone)}"
            yield f"1 {row['currency']} = {quantity(row['rate'])} {money} {then}, as {told}."
    for problem, rows in left_out.items():
        yield f"Not in the history: {counted(len(rows), 'day')}, the last {rows[-1]['day']}: {problem}."


def _moment(value: datetime, zone: ZoneInfo) -> str:
    return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def client_report(dashboard: ClientDashboard) -> Iterator[str]:
    """A client's figures in a few sentences. Neither return is told without the other."""
    it = dashboard.statement
    yield f"{it['client_name']}, a client of fund {it['fund_id']} ({it['mode']})."
    if it["nav_day"] is None:
        yield "No NAV has been struck yet, so that nothing can be said. Do: `fund nav strike`."
        return
    yield (
        f"At the NAV of {it['nav_day']}: {quantity(it['units'])} units, worth {amount(it['value'])} {it['currency']} "
        f"after {amount(it['accrued'])} of fee that has accrued; the high-water mark is {amount(it['mark'])}."
    )
    if it["first_day"] is not None:
        yield (
            f"Since {it['first_day']}, after fees: {signed(it['profit'])} {it['currency']}; time-weighted (TWR) "
            f"{signed_percent(it['twr'])}, money-weighted (MWR) {signed_percent(it['mwr'])}. Before fees: TWR "
            f"{signed_percent(it['twr_gross'])}, MWR {signed_percent(it['mwr_gross'])}."
        )


def sender_report(dashboard: SenderDashboard) -> Iterator[str]:
    """A sender's figures in a few sentences."""
    it = dashboard.statement
    yield f"{it['sender_name']} is {it['status']}: {counted(it['signals'], 'signal')} accepted so far."
    if it["unread"]:
        yield (
            f"{counted(it['unread'], 'signal')} could not be used. Do: `fund signals list --sender {it['sender_id']} "
            "--state QUARANTINED`, correct what each says, and send it again or replay it."
        )
    yield (
        f"{counted(it['ordered'], 'decision')} led to orders, {it['refused']} to none; `fund signals explain ID` says "
        "why for each."
    )
    for owed in dashboard.payouts:
        yield (
            f"Fund {owed['fund_id']} ({owed['mode']}) owes {amount(owed['outstanding'])} {owed['currency']}, next "
            f"payment {owed['next_payment_on']}; {amount(owed['paid'])} were paid. Its signals realised "
            f"{signed(owed['cumulative'])} after costs by the end of {owed['last_month']:%Y-%m}; the peak is "
            f"{amount(owed['peak'])}."
        )


def counted(number: int, noun: str) -> str:
    """A number with its noun in the right form."""
    return f"{number} {noun if number == 1 else f'{noun}s'}"


def amount(value: Decimal | None, places: int = 2) -> str:
    """Money with separators, rounded half to even for reading only; a dash where it is not known."""
    if value is None:
        return DASH
    return f"{value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN) + Decimal(0):,f}"


def signed(value: Decimal | None, places: int = 2) -> str:
    """The same with its sign, also where it is a gain."""
    text = amount(value, places)
    return f"+{text}" if value is not None and value > 0 else text


def quantity(value: Decimal | None) -> str:
    """A quantity or a price with all its digits and no more."""
    if value is None:
        return DASH
    plain = value.normalize()
    return f"{plain if int(plain.as_tuple().exponent) < 0 else plain.quantize(Decimal(1)):,f}"


def percent(value: Decimal | None, places: int = 2) -> str:
    """A fraction as percent; a dash where it is not known."""
    return DASH if value is None else f"{amount(value.scaleb(2), places)} %"


def signed_percent(value: Decimal | None, places: int = 2) -> str:
    """The same with its sign."""
    return DASH if value is None else f"{signed(value.scaleb(2), places)} %"


def age(then: datetime, now: datetime) -> str:
    """How long ago a moment was, in the coarsest unit that says it."""
    seconds = max(0, round((now - then).total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return f"{counted(seconds // length, unit)} ago"
    return f"{counted(seconds, 'second')} ago"
