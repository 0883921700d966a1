"""Cash rebuilt from executions and flows alone, and against the broker's. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from fund_pipeline.accounts.reconciliation.folding import Folded, fold
from fund_pipeline.accounts.reconciliation.model import Ours
from fund_pipeline.accounts.reconciliation.rules import Rules
from fund_pipeline.execution.port import BrokerPosition
from fund_pipeline.ledger.break_model import BreakKind, Difference, Opening
from fund_pipeline.ledger.flow_model import FlowKind
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.terms import AssetClass, Side

_ZERO = Decimal(0)
_MARGINED = (AssetClass.FUTURE.value, AssetClass.FOREX.value)
PAYS_DIVIDENDS = (AssetClass.STOCK.value, AssetClass.ETF.value)
MOST_OF_PRICE = Decimal("0.05")
PER_SHARE = Decimal("0.0001")
"""A dividend is declared per share, to four places, and is a small part of the price."""

Amounts = dict[str, Decimal]


def rebuild_cash(ours: Ours) -> Amounts | None:
    """Cash by currency: the opening, what executions paid and received since, and flows. None without an opening.

    Stocks, ETFs, options and crypto pay their price. Futures and forex pay what they realise, at the account's average
    cost; their open gain is not cash. Commissions are paid in their own currency.
    """
    opening = ours.opening
    if opening is None:
        return None
    cash = dict(opening.amounts)
    margined: list[Execution] = []
    for one in ours.executions:
        if one.instrument_key.partition(":")[0] in _MARGINED:
            margined.append(one)
        elif not _is_opened(one, opening):
            signed = one.quantity if one.side is Side.BUY else -one.quantity
            _add(cash, one.currency, -signed * one.price * one.multiplier)
            _add(cash, one.commission_currency, -one.commission)
    for currency, amount in _realised(fold(margined).values()).items():
        _add(cash, currency, amount)
    for currency, amount in _realised(fold(one for one in margined if _is_opened(one, opening)).values()).items():
        _add(cash, currency, -amount)
    for flow in ours.flows:
        if flow.kind is not FlowKind.OPENING and flow.effective_at > opening.as_of:
            _add(cash, flow.currency, flow.amount)
    return cash


def compare_cash(
    ours: Amounts, theirs: Mapping[str, Decimal], held: Mapping[str, BrokerPosition], rules: Rules
) -> list[Difference]:
    """The currencies in which the two differ by more than the tolerance."""
    found = []
    for currency in sorted({*ours, *theirs}):
        mine, told = ours.get(currency, _ZERO), theirs.get(currency, _ZERO)
        if abs(told - mine) > rules.cash:
            found.append(_difference(currency, mine, told, held))
    return found


def _difference(currency: str, mine: Decimal, told: Decimal, held: Mapping[str, BrokerPosition]) -> Difference:
    figures = f"executions and flows come to {_plain(mine)} {currency}, and the broker has {_plain(told)}"
    payers = {key: each for key, one in held.items() if (each := _per_share(told - mine, currency, one)) is not None}
    if not payers:
        return Difference(BreakKind.CASH, currency, figures, None, mine, told)
    words = " or ".join(f"{_plain(each)} per share of {key}" for key, each in sorted(payers.items()))
    detail = {"per_share": {key: str(each) for key, each in payers.items()}}
    return Difference(BreakKind.DIVIDEND, currency, f"{figures}: it looks like {words}", None, mine, told, detail)


def _per_share(amount: Decimal, currency: str, one: BrokerPosition) -> Decimal | None:
    if one.instrument_key.partition(":")[0] not in PAYS_DIVIDENDS or one.currency != currency or not one.quantity:
        return None
    each = amount / one.quantity
    if each <= 0 or one.market_price is None or each > MOST_OF_PRICE * one.market_price:
        return None
    declared = each.quantize(PER_SHARE)
    return declared if declared > 0 and abs(declared * one.quantity - amount) <= Decimal("0.005") else None


def _is_opened(one: Execution, opening: Opening) -> bool:
    """Whether the opening has it already: booked by then, or filled before and told later."""
    return one.number <= opening.through or one.executed_at < opening.as_of


def _realised(folded: Iterable[Folded]) -> Amounts:
    """What margined executions have paid, at the average cost of the whole account, in the order of the broker's times.

    Average cost depends on the order, and a fill that was missed is booked after those that came later.
    """
    cash: Amounts = {}
    held: dict[str, tuple[Decimal, Decimal]] = {}
    for group in sorted(folded, key=lambda one: (one.first.executed_at, one.first.number)):
        _add(cash, group.first.commission_currency, -group.commission)
        one = group.stands
        if one is None or one.quantity == 0:
            continue
        signed = one.quantity if one.side is Side.BUY else -one.quantity
        quantity, average = held.get(one.instrument_key, (_ZERO, _ZERO))
        after = quantity + signed
        if quantity * signed >= 0:
            average = (average * quantity + one.price * signed) / after
        else:
            closed = min(abs(signed), abs(quantity)).copy_sign(quantity)
            _add(cash, one.currency, closed * (one.price - average) * one.multiplier)
            if after * quantity <= 0:
                average = one.price if after else _ZERO
        held[one.instrument_key] = (after, average)
    return cash


def _add(cash: Amounts, currency: str, amount: Decimal) -> None:
    cash[currency] = cash.get(currency, _ZERO) + amount


def _plain(amount: Decimal) -> str:
    return f"{round(amount, 4).normalize():f}"
