"""What a fund is worth by its accounts' snapshots, in its own currency. PAPER and LIVE are never summed together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from fund_pipeline.accounts.findings import Finding, FindingKind
from fund_pipeline.accounts.known_rates import OLDEST_RATE, known_rate, why_unknown
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import AccountSnapshot
from fund_pipeline.ledger.funds import get_fund
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.rates import CurrencyRate
from fund_pipeline.ledger.snapshots import snapshots_at

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Part:
    """One account of a fund: the snapshot it is valued by, the rate, and its money in the fund's currency."""

    snapshot: AccountSnapshot
    rate: Decimal
    equity: Decimal
    cash: Decimal
    margin_used: Decimal
    unrealised_pnl: Decimal | None


@dataclass(frozen=True)
class Holding:
    """What the fund holds of an instrument over its accounts; `value` in its currency, None where it is not known."""

    instrument_key: str
    quantity: Decimal
    value: Decimal | None


@dataclass(frozen=True)
class Consolidated:
    """What the accounts of a fund in one mode come to, in `currency`, at or before `moment` (UTC).

    Attributes
    ----------
    equity, cash, margin_used, unrealised_pnl : None where any account's is not known; `findings` say why. Never the sum
        of what happens to be known.
    parts : the accounts that are valued.
    holdings : positions at market, by instrument key.
    rates : the rates used, by the currency that they are from.
    """

    fund_id: str
    mode: TradingMode
    currency: str
    moment: datetime
    equity: Decimal | None
    cash: Decimal | None
    margin_used: Decimal | None
    unrealised_pnl: Decimal | None
    parts: tuple[Part, ...]
    holdings: tuple[Holding, ...]
    rates: tuple[CurrencyRate, ...]
    findings: tuple[Finding, ...]

    @property
    def as_of(self) -> datetime | None:
        """The oldest word that it rests on; None without any."""
        return min((one.snapshot.as_of for one in self.parts), default=None)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts it is made of."""
        return tuple(one.snapshot.account_id for one in self.parts)

    @property
    def available(self) -> Decimal | None:
        """Equity that no margin binds; None where either is not known."""
        return None if self.equity is None or self.margin_used is None else self.equity - self.margin_used


def consolidate(
    ledger: Ledger,
    fund_id: str,
    mode: TradingMode,
    moment: datetime,
    *,
    oldest: timedelta | None = None,
    oldest_rate: timedelta = OLDEST_RATE,
) -> Consolidated:
    """What a fund is worth at or before a moment (UTC), from snapshots and rates in the ledger alone.

    A snapshot that is older than `oldest` at that moment counts as none; None takes the last one of any age, and its
    `as_of` says how old. NotFoundError when there is no such fund.
    """
    fund = get_fund(ledger, fund_id)
    heard = snapshots_at(ledger, fund_id, mode, moment)
    rates = _Rates(ledger, fund.currency, moment, oldest_rate)
    parts: list[Part] = []
    findings: list[Finding] = []
    if not heard:
        words = f"fund {fund_id} had no {mode.value} account by then"
        findings.append(Finding(FindingKind.NO_ACCOUNT, "", "fund", words))
    for one in heard:
        part = _part(one.account_id, one.snapshot, rates, moment, oldest)
        (findings if isinstance(part, Finding) else parts).append(part)  # type: ignore[arg-type]
    holdings, unpriced = _holdings(parts, rates)
    whole = bool(parts) and not findings
    told = [one.unrealised_pnl for one in parts if one.unrealised_pnl is not None]
    return Consolidated(
        fund_id=fund_id,
        mode=mode,
        currency=fund.currency,
        moment=moment,
        equity=sum((one.equity for one in parts), _ZERO) if whole else None,
        cash=sum((one.cash for one in parts), _ZERO) if whole else None,
        margin_used=sum((one.margin_used for one in parts), _ZERO) if whole else None,
        unrealised_pnl=sum(told, _ZERO) if whole and len(told) == len(parts) else None,
        parts=tuple(parts),
        holdings=holdings,
        rates=rates.used,
        findings=(*findings, *unpriced),
    )


class _Rates:
    def __init__(self, ledger: Ledger, currency: str, moment: datetime, oldest: timedelta) -> None:
        self._ledger, self._currency, self._moment, self._oldest = ledger, currency, moment, oldest
        self._found: dict[str, CurrencyRate | None] = {}

    @property
    def used(self) -> tuple[CurrencyRate, ...]:
        return tuple(rate for _, rate in sorted(self._found.items()) if rate is not None)

    def of(self, currency: str) -> Decimal | None:
        """The value of one unit in the fund's currency."""
        if currency == self._currency:
            return Decimal(1)
        if currency not in self._found:
            self._found[currency] = known_rate(self._ledger, currency, self._currency, self._moment, self._oldest)
        found = self._found[currency]
        return None if found is None else found.rate

    def why_not(self, currency: str) -> str:
        return why_unknown(currency, self._currency, self._oldest)


def _part(
    account_id: str, snapshot: AccountSnapshot | None, rates: _Rates, moment: datetime, oldest: timedelta | None
) -> Part | Finding:
    if snapshot is None:
        return Finding(FindingKind.NEVER_HEARD, account_id, "account", "its broker has said nothing by then")
    if oldest is not None and moment - snapshot.as_of > oldest:
        words = f"its last word is of {snapshot.as_of.isoformat()}, older than {oldest}"
        return Finding(FindingKind.STALE, account_id, "account", words)
    rate = rates.of(snapshot.currency)
    if rate is None:
        return Finding(FindingKind.NO_RATE, account_id, snapshot.currency, rates.why_not(snapshot.currency))
    unrealised = snapshot.unrealised_pnl
    return Part(
        snapshot=snapshot,
        rate=rate,
        equity=snapshot.equity * rate,
        cash=snapshot.cash * rate,
        margin_used=snapshot.margin_used * rate,
        unrealised_pnl=None if unrealised is None else unrealised * rate,
    )


def _holdings(parts: list[Part], rates: _Rates) -> tuple[tuple[Holding, ...], list[Finding]]:
    quantities: dict[str, Decimal] = {}
    values: dict[str, Decimal | None] = {}
    findings = []
    for part in parts:
        for key, quantity in sorted(part.snapshot.positions.items()):
            value = _value(part.snapshot, key, quantity, rates)
            if isinstance(value, Finding):
                findings.append(value)
            before = values.get(key, _ZERO)
            values[key] = None if before is None or isinstance(value, Finding) else before + value
            quantities[key] = quantities.get(key, _ZERO) + quantity
    return tuple(Holding(key, quantities[key], values[key]) for key in sorted(quantities)), findings


def _value(snapshot: AccountSnapshot, key: str, quantity: Decimal, rates: _Rates) -> Decimal | Finding:
    mark = (snapshot.marks or {}).get(key)
    value = None if mark is None else mark.value(quantity)
    if mark is None or value is None or mark.currency is None:
        return Finding(FindingKind.NO_PRICE, snapshot.account_id, key, f"its broker does not say what {key} is worth")
    rate = rates.of(mark.currency)
    if rate is None:
        return Finding(FindingKind.NO_RATE, snapshot.account_id, key, rates.why_not(mark.currency))
    return value * rate
