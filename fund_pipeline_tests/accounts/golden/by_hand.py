"""The golden fund worked out apart from the product: nothing of it is imported, the rules are those of the documents.

Run as a script it prints every month, so that a person can follow it: `python -m
fund_pipeline_tests.accounts.golden.by_hand`. Money is a Fraction of a dollar until a rule rounds it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

DATA = Path(__file__).parent / "data"
FIRST, LAST = date(2025, 1, 2), date(2026, 2, 28)
MULTIPLIER = {"KO": 1, "ES": 50, "SAP": 1}
CLASS = {"KO": "STOCK", "ES": "FUTURE", "SAP": "STOCK"}
HOURS = time(16)
"""When the broker values the account, on weekdays, by the fund's clock."""
DIGITS = Context(prec=60)


def rows(name: str) -> list[dict[str, str]]:
    """One input file."""
    with (DATA / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def money(text: str) -> Fraction:
    """An exact amount."""
    return Fraction(text)


def down(amount: Fraction, places: int = 2) -> Fraction:
    """Rounded down to so many places."""
    return Fraction(floor(amount * 10**places), 10**places)


def up(amount: Fraction, places: int) -> Fraction:
    """Rounded up to so many places."""
    return Fraction(ceil(amount * 10**places), 10**places)


def even(amount: Fraction, places: int = 2) -> Fraction:
    """Rounded to so many places, half to even, as Python rounds fractions."""
    return Fraction(round(amount * 10**places), 10**places)


CLOSES = {
    date.fromisoformat(row["day"]): {name: money(row[name]) for name in row if name != "day"} for row in rows("closes")
}
FILLS = rows("fills")
FLOWS = rows("flows")
DEALINGS = rows("dealings")
TERMS = rows("terms")


def month_of(day: date) -> date:
    """Its first day."""
    return day.replace(day=1)


def months() -> list[date]:
    """The fourteen months."""
    return [date(2025 + number // 12, number % 12 + 1, 1) for number in range(14)]


def month_end(month: date) -> date:
    """Its last day."""
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def marked_on(day: date) -> date:
    """The last weekday up to a day: that day's rates and prices hold."""
    return max(one for one in CLOSES if one <= day)


# --- what senders are owed -------------------------------------------------------------------------------------------


@dataclass
class Due:
    """One sender's month."""

    realised: Fraction
    late: Fraction
    cumulative: Fraction
    peak_before: Fraction
    due: Fraction


def realisations() -> list[tuple[str, date, datetime, Fraction]]:
    """(sender, month of the fill, when it was told, net in dollars) of every fill, in the order they were told.

    Lots by entry, the named one first and then the oldest; commissions when they are paid.
    """
    lots: dict[tuple[str, str], dict[str, list[list[Fraction]]]] = {}
    found = []
    for fill in sorted(FILLS, key=lambda one: one["told"] or one["executed"]):
        key = (fill["strategy"], fill["instrument"])
        way = 1 if fill["side"] == "BUY" else -1
        left, price, gain = money(fill["quantity"]), money(fill["price"]), Fraction(0)
        book = lots.setdefault(key, {})
        for entry in sorted(book, key=lambda name: name != fill["closes"]):
            for lot in book[entry]:  # [signed quantity, price]
                if lot[0] * way < 0:
                    closed = min(left, abs(lot[0]))
                    gain += closed * (lot[1] - price) * way * MULTIPLIER[fill["instrument"]]
                    lot[0] += closed * way
                    left -= closed
        for entry in [name for name in book if not any(lot[0] for lot in book[name])]:
            del book[entry]
        if left:
            book.setdefault(fill["signal"], []).append([left * way, price])
        when = datetime.fromisoformat(fill["executed"])
        rate = CLOSES[when.date()]["EURUSD"] if fill["instrument"] == "SAP" else Fraction(1)
        net = (gain - money(fill["commission"])) * rate
        told = datetime.fromisoformat(fill["told"] or fill["executed"])
        found.append((fill["sender"], month_of(when.date()), told, net))
    return found


def payouts() -> dict[tuple[str, date], Due]:
    """What each sender is due for each month: a share of each new peak, down to the cent."""
    found: dict[tuple[str, date], Due] = {}
    for sender in ("ann", "bob"):
        cumulative = peak = Fraction(0)
        open_items = [one for one in realisations() if one[0] == sender]
        for month in months():
            closing = datetime.combine(month_end(month) + timedelta(days=1), time(6))
            ripe = [one for one in open_items if one[1] <= month and one[2] < closing]
            open_items = [one for one in open_items if one not in ripe]
            realised = sum((one[3] for one in ripe), Fraction(0))
            late = sum((one[3] for one in ripe if one[1] < month), Fraction(0))
            shares = [row["share"] for row in TERMS if row["who"] == sender and row["from"] <= f"{month:%Y-%m}"]
            cumulative += realised
            due = down(money(shares[-1]) * max(Fraction(0), cumulative - peak))
            found[sender, month] = Due(realised, late, cumulative, peak, due)
            peak = max(peak, cumulative)
    return found


# --- what the account is worth ---------------------------------------------------------------------------------------


@dataclass
class Event:
    """Money that moves: kind, dollars, euros; or a trade."""

    at: datetime
    kind: str
    dollars: Fraction = Fraction(0)
    euros: Fraction = Fraction(0)
    instrument: str = ""
    quantity: Fraction = Fraction(0)
    strategy: str = ""


def events() -> list[Event]:
    """All in their order: fills, flows, and payments to senders, at noon of the first of the month after."""
    found = []
    for fill in FILLS:
        quantity = money(fill["quantity"]) * (1 if fill["side"] == "BUY" else -1)
        cash = -quantity * money(fill["price"]) * MULTIPLIER[fill["instrument"]] - money(fill["commission"])
        in_euro = fill["instrument"] == "SAP"
        found.append(
            Event(
                datetime.fromisoformat(fill["executed"]),
                "TRADE",
                Fraction(0) if in_euro else cash,
                cash if in_euro else Fraction(0),
                fill["instrument"],
                quantity,
                fill["strategy"],
            )
        )
    for flow in FLOWS:
        sign = -1 if flow["kind"] in ("WITHDRAWAL", "FEE", "PERFORMANCE_FEE") else 1
        found.append(Event(datetime.fromisoformat(flow["at"]), flow["kind"], sign * money(flow["amount"])))
    for (_, month), one in payouts().items():
        paid = datetime.combine(month_end(month) + timedelta(days=1), time(12))
        if one.due and paid.date() <= LAST:
            found.append(Event(paid, "FEE", -one.due))
    return sorted(found, key=lambda one: one.at)


@dataclass
class Account:
    """The account as the broker values it at the close of a weekday."""

    dollars: Fraction
    euros: Fraction
    held: dict[str, Fraction]
    equity: Fraction
    deposited: Fraction
    withdrawn: Fraction
    fees_paid: Fraction


def account_on(day: date, all_events: list[Event]) -> Account:
    """The account at the last valuation up to a day's end."""
    valued = marked_on(day)
    seen = [one for one in all_events if one.at <= datetime.combine(valued, HOURS)]
    held = dict.fromkeys(MULTIPLIER, Fraction(0))
    for one in seen:
        if one.instrument:
            held[one.instrument] += one.quantity
    dollars = sum((one.dollars for one in seen), Fraction(0))
    euros = sum((one.euros for one in seen), Fraction(0))
    marks = CLOSES[valued]
    worth = sum(
        (
            quantity * marks[name] * MULTIPLIER[name] * (marks["EURUSD"] if name == "SAP" else 1)
            for name, quantity in held.items()
        ),
        Fraction(0),
    )

    def total(kind: str) -> Fraction:
        return abs(sum((one.dollars for one in seen if one.kind == kind), Fraction(0)))

    return Account(
        dollars,
        euros,
        held,
        dollars + euros * marks["EURUSD"] + worth,
        total("DEPOSIT"),
        total("WITHDRAWAL"),
        total("PERFORMANCE_FEE"),
    )


# --- clients and units -----------------------------------------------------------------------------------------------


@dataclass
class Holding:
    """What a client has between two NAVs."""

    units: Fraction = Fraction(0)
    mark: Fraction = Fraction(0)
    accrued: Fraction = Fraction(0)


@dataclass
class ClientDay:
    """A client's figures at a NAV."""

    units: Fraction
    value: Fraction
    fee: Fraction
    accrued: Fraction
    mark: Fraction
    inflow: Fraction
    outflow: Fraction


@dataclass
class Day:
    """The NAV of a day."""

    nav: Fraction
    gross: Fraction
    units: Fraction
    clients: dict[str, ClientDay] = field(default_factory=dict)


def shares(total: Fraction, units: dict[str, Fraction]) -> dict[str, Fraction]:
    """Total in cents by units, largest remainder, the first by name among equals."""
    whole = sum(units.values())
    exact = {name: total * units[name] / whole for name in units}
    found = {name: down(exact[name]) for name in units}
    cents = round((total - sum(found.values())) * 100)
    for name in sorted(units, key=lambda one: (found[one] - exact[one], one))[:cents]:
        found[name] += Fraction(1, 100)
    return found


def is_end(period: str, day: date) -> bool:
    """Whether a fee that accrued is charged on that day."""
    last = day == month_end(month_of(day))
    return last and (day.month == 12 if period == "YEAR_END" else day.month % 3 == 0)


def days() -> dict[date, Day]:
    """Every day's NAV."""
    terms = {row["who"]: (money(row["share"]), row["crystallised"]) for row in TERMS if row["crystallised"]}
    moved, holdings = events(), dict[str, Holding]()
    arriving: list[tuple[str, Fraction, Fraction]] = []
    subscribed = redeemed = crystallised = Fraction(0)
    found: dict[date, Day] = {}
    day = FIRST
    while day <= LAST:
        account = account_on(day, moved)
        today = [row for row in DEALINGS if row["day"] == str(day)]
        if day == FIRST:
            arriving = [(row["client"], money(row["amount"]), money(row["amount"]) / 100) for row in today]
            today = []
        inflow = dict.fromkeys(terms, Fraction(0))
        for client, amount, units in arriving:
            holding = holdings.setdefault(client, Holding())
            holding.units += units
            holding.mark += amount
            inflow[client] += amount
            subscribed += amount
        arriving = []
        brought = account.deposited - account.withdrawn
        gross = even(account.equity) - brought + subscribed - redeemed - crystallised + account.fees_paid
        split = shares(gross, {name: one.units for name, one in holdings.items()})
        record = found[day] = Day(Fraction(0), gross, Fraction(0))
        left = {}
        for name, one in sorted(holdings.items()):
            rate, period = terms[name]
            accrued = down(rate * max(Fraction(0), split[name] - one.mark))
            value, fee = split[name] - accrued, Fraction(0)
            if accrued and is_end(period, day):
                fee, accrued = accrued, Fraction(0)
                one.units -= down(fee * one.units / split[name], 6)
                one.mark = max(one.mark, split[name] - fee)
                crystallised += fee
            one.accrued, left[name] = accrued, split[name] - fee
            record.clients[name] = ClientDay(one.units, value, fee, accrued, Fraction(0), inflow[name], Fraction(0))
        for row in today:
            one, amount = holdings[row["client"]], money(row["amount"])
            if row["kind"] == "REDEMPTION":
                client = row["client"]
                gone = up(amount * one.units / (left[client] - one.accrued), 6)
                fee, mark = down(one.accrued * gone / one.units), down(one.mark * gone / one.units)
                one.units, one.mark, one.accrued = one.units - gone, one.mark - mark, one.accrued - fee
                left[client] -= amount + fee
                record.clients[client].outflow += amount
                redeemed += amount
                crystallised += fee
        for row in today:
            if row["kind"] == "SUBSCRIPTION":
                amount = money(row["amount"])
                units = sum(one.units for one in holdings.values())
                arriving.append((row["client"], amount, down(amount * units / sum(left.values()), 6)))
        for name, one in record.clients.items():
            one.mark = holdings[name].mark
        record.nav = sum((one.value for one in record.clients.values()), Fraction(0))
        record.units = sum((one.units for one in record.clients.values()), Fraction(0))
        day += timedelta(days=1)
    return found


# --- returns ---------------------------------------------------------------------------------------------------------

Series = list[tuple[date, Fraction, Fraction, Fraction]]
"""(day, value before what leaves, in at its start, out at its end)."""


def series(all_days: dict[date, Day], client: str | None) -> Series:
    """Of a client, or of the fund, net of fees."""
    found = []
    for day, one in all_days.items():
        parts = [one.clients[client]] if client else list(one.clients.values())
        sums = (sum((getattr(part, name) for part in parts), Fraction(0)) for name in ("value", "inflow", "outflow"))
        found.append((day, *sums))
    return found  # type: ignore[return-value]


def decimal(value: Fraction) -> Decimal:
    """To sixty digits."""
    return DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))


def time_weighted(part: Series, opening: Fraction) -> Decimal:
    """The product of each day's growth, less 1."""
    growth, before = Decimal(1), opening
    for _, value, came, went in part:
        growth = DIGITS.multiply(growth, decimal(value / (before + came)))
        before = value - went
    return growth - 1


def money_weighted(part: Series, opening: Fraction) -> float:
    """The growth of the whole period at which all flows are even, less 1, by bisection."""
    length, first = len(part), part[0][0]
    flows = [(0, -float(opening))]
    for day, _, came, went in part:
        flows += [((day - first).days, -float(came)), ((day - first).days + 1, float(went))]
    _, value, _, went = part[-1]
    flows.append((length, float(value - went)))
    low, high = 0.01, 100.0
    for _ in range(200):
        growth = (low + high) / 2
        left = sum(amount * growth ** (1 - number / length) for number, amount in flows)
        low, high = (low, growth) if left < 0 else (growth, high)
    return low - 1


def returns(whole: Series, first: date, last: date) -> tuple[Decimal, float]:
    """(TWR, MWR) from the start of a day to the end of another."""
    part = [one for one in whole if first <= one[0] <= last]
    before = [one for one in whole if one[0] < first]
    opening = before[-1][1] - before[-1][3] if before else Fraction(0)
    return time_weighted(part, opening), money_weighted(part, opening)


# --- attribution -----------------------------------------------------------------------------------------------------


def attribution(first: date, last: date, by: str) -> dict[str, Fraction]:
    """Profit by strategy, instrument or class; with what was not traded, and what is left."""
    moved = events()
    before = first - timedelta(days=1)
    found: dict[str, Fraction] = {}
    other = Fraction(0)
    held: dict[tuple[str, str], list[Fraction]] = {}  # [at the start, at the end]
    for one in moved:
        if one.at.date() > last:
            continue
        if one.instrument:
            name = {"strategy": one.strategy, "instrument": one.instrument, "class": CLASS[one.instrument]}[by]
            both = held.setdefault((name, one.instrument), [Fraction(0), Fraction(0)])
            both[1] += one.quantity
            if one.at.date() < first:
                both[0] += one.quantity
            else:
                rate = CLOSES[one.at.date()]["EURUSD"] if one.instrument == "SAP" else 1
                found[name] = found.get(name, Fraction(0)) + one.dollars + one.euros * rate
        elif one.kind in ("FEE", "DIVIDEND", "INTEREST") and one.at.date() >= first:
            other += one.dollars
    for (name, instrument), (start, end) in held.items():
        for quantity, day, sign in ((start, before, -1), (end, last, 1)):
            if quantity:
                marks = CLOSES[marked_on(day)]
                rate = marks["EURUSD"] if instrument == "SAP" else 1
                worth = quantity * marks[instrument] * MULTIPLIER[instrument] * rate
                found[name] = found.get(name, Fraction(0)) + sign * worth
    opening = account_on(before, moved).equity if before >= FIRST else Fraction(0)
    capital = sum(
        one.dollars
        for one in moved
        if first <= one.at.date() <= last and one.kind in ("DEPOSIT", "WITHDRAWAL", "PERFORMANCE_FEE")
    )
    total = account_on(last, moved).equity - opening - capital
    found["not traded"] = other
    found["left"] = total - sum(found.values())
    return found


def capital(first: date, last: date) -> Fraction:
    """At work on average: what was there, what came in by the days from its own on, less what went out by those after
    it."""
    moved, days = events(), (last - first).days + 1
    found = account_on(first - timedelta(days=1), moved).equity if first > FIRST else Fraction(0)
    for one in moved:
        if first <= one.at.date() <= last and one.kind in ("DEPOSIT", "WITHDRAWAL", "PERFORMANCE_FEE"):
            left = (last - one.at.date()).days + (1 if one.dollars > 0 else 0)
            found += one.dollars * left / days
    return found


def tell() -> None:
    """Print the months."""
    worked, owed = days(), payouts()
    whole = series(worked, None)
    for month in months():
        last = worked[month_end(month)]
        twr, mwr = returns(whole, max(month, FIRST), month_end(month))
        values = "  ".join(
            f"{name} {float(one.value):,.2f} ({float(one.units):.6f})" for name, one in last.clients.items()
        )
        print(f"{month:%Y-%m}  NAV {float(last.nav):,.2f}  {values}  TWR {twr:+.6%} MWR {mwr:+.6%}")
        print("         " + "  ".join(f"{one} due {float(owed[one, month].due):,.2f}" for one in ("ann", "bob")))
    for by in ("strategy", "instrument", "class"):
        print(by, {name: f"{float(one):,.2f}" for name, one in attribution(FIRST, LAST, by).items()})


if __name__ == "__main__":
    tell()
