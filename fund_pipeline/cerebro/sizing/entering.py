"""An entry in one fund: from the sender's legs to orders within every limit, or the reason for none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from fund_pipeline.cerebro.sizing.arithmetic import ONE, ZERO, sign, text, whole_steps
from fund_pipeline.cerebro.sizing.capital import Capital, capital_of
from fund_pipeline.cerebro.sizing.eligible import eligible_accounts, spreading_weights
from fund_pipeline.cerebro.sizing.facts import AccountFacts
from fund_pipeline.cerebro.sizing.holdings import committed
from fund_pipeline.cerebro.sizing.limits import (
    BOUNDS,
    FUND_LIMITS,
    LEG_LIMITS,
    EntryCase,
    Finding,
    MarginLimit,
    OrdersPerMinute,
    SlippageLimit,
)
from fund_pipeline.cerebro.sizing.margin import margin_of
from fund_pipeline.cerebro.sizing.meaning import Opening
from fund_pipeline.cerebro.sizing.model import PlannedOrder
from fund_pipeline.cerebro.sizing.modes import wanted_quantities
from fund_pipeline.cerebro.sizing.pricing import PricedLeg, priced
from fund_pipeline.cerebro.sizing.proportion import blocks_of, hedge_ratio_move, keeps_exact_ratio
from fund_pipeline.cerebro.sizing.protection import protective_orders
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.refused import Refused
from fund_pipeline.cerebro.sizing.spreading import Block, Spread, spread
from fund_pipeline.terms import DecisionOutcome, OrderRole

Entered = tuple[DecisionOutcome, DecisionReason, tuple[PlannedOrder, ...]]


def enter(
    case: EntryCase, openings: Sequence[Opening], figures: dict[str, Any], given: Mapping[int, Decimal] | None = None
) -> Entered:
    """Outcome, reason and orders of an entry. `figures` is filled as far as it comes.

    Parameters
    ----------
    given : leg index -> quantity that a target weight asks for; None for the strategy's sizing mode. What targets add
        to what is held has no ratio to keep.

    Refused where nothing is ordered.
    """
    limits: list[dict[str, Any]] = []
    figures["limits"] = limits
    for fund_limit in FUND_LIMITS:
        _passed(fund_limit.validate(case), limits)
    capital = capital_of(case.strategy, case.fund, case.world)
    figures["capital"] = capital.as_figures()
    legs = [priced(one.index, one.leg, case.fund, case.world) for one in openings]
    figures["legs"] = shown = [leg.as_figures() for leg in legs]
    for leg in legs:
        _not_opposite(case, leg)
        for leg_limit in LEG_LIMITS:
            _passed(leg_limit.validate(case, leg), limits)
    full = given
    if full is None:
        full, figures["sizing"] = wanted_quantities(case.signal, legs, case.strategy, capital)
    for row, leg in zip(shown, legs, strict=True):
        row |= {"wanted": text(full[leg.index]), "wanted_notional": text(full[leg.index] * leg.unit_notional)}
    _passed(SlippageLimit().validate(case, legs, full), limits)
    bound = _tightest(case, capital, legs, full, limits)
    exact = given is None and keeps_exact_ratio(legs)
    blocks, result, margins = _spread(case, legs, full, bound.part, figures, exact=exact)
    ordered = _ordered(blocks, result)
    figures["cut"] = {"bounds": text(bound.part), "margin": text(result.part), "exact_ratio": exact}
    for row, leg in zip(shown, legs, strict=True):
        row["ordered"] = text(ordered[leg.index])
    cut = _cut_by(blocks, result, bound)
    _kept_whole(case, blocks, result, full, ordered, cut, figures, hedged=given is None)
    orders = _orders(case, blocks, result, margins, figures)
    entries = sum(order.role is OrderRole.ENTRY for order in orders)
    _passed(OrdersPerMinute().validate(case, entries), limits)
    return (
        (DecisionOutcome.RESIZED, cut, orders)
        if cut is not None
        else (DecisionOutcome.APPROVED, DecisionReason.SIZED, orders)
    )


def _passed(finding: Finding, shown: list[dict[str, Any]]) -> None:
    shown.append(finding.as_figures())
    if finding.reason is not None:
        raise Refused(finding.reason)


def _not_opposite(case: EntryCase, leg: PricedLeg) -> None:
    held = committed(case.world, case.strategy.strategy, case.fund.fund_id, leg.key)
    if held * sign(leg.side) < 0:
        raise Refused(DecisionReason.OPPOSITE_POSITION, {"leg": leg.index, "held_or_working": text(held)})


def _tightest(
    case: EntryCase,
    capital: Capital,
    legs: Sequence[PricedLeg],
    full: Mapping[int, Decimal],
    shown: list[dict[str, Any]],
) -> Finding:
    found = [bound.validate(case, capital, legs, full) for bound in BOUNDS]
    shown += [finding.as_figures() for finding in found]
    tightest = min(found, key=lambda finding: finding.part)
    if tightest.reason is not None and tightest.part <= 0:
        raise Refused(tightest.reason)
    return tightest


def _spread(
    case: EntryCase,
    legs: Sequence[PricedLeg],
    full: Mapping[int, Decimal],
    part: Decimal,
    figures: dict[str, Any],
    *,
    exact: bool,
) -> tuple[list[Block], Spread, dict[str, MarginLimit]]:
    accounts: dict[str, AccountFacts] = {}
    refused: list[dict[str, Any]] = []

    def margins(together: Sequence[PricedLeg], unit: Mapping[int, Decimal]) -> dict[str, Decimal]:
        fitting, others = eligible_accounts(case, together)
        accounts.update({account.account_id: account for account in fitting})
        refused.extend(others)
        return {
            account.account_id: sum(margin_of(together, unit, account, case.world).values(), ZERO)
            for account in fitting
        }

    blocks = blocks_of(legs, full, part, margins, exact=exact)
    limits = {name: MarginLimit(account, case.world) for name, account in accounts.items()}
    weights = spreading_weights(case, list(accounts.values()), limits)
    result = spread(blocks, {name: limit.room for name, limit in limits.items()}, weights)
    figures["accounts_refused"] = refused
    figures["accounts"] = [
        {"account": name, "weight": text(weights[name]), **limit.as_figures(ZERO)} for name, limit in limits.items()
    ]
    figures["blocks"] = [
        {
            "unit": {str(index): text(quantity) for index, quantity in block.unit.items()},
            "full": text(block.full),
            "wanted": text(block.wanted),
            "least": text(block.least),
            "margin_of_unit": {name: text(margin) for name, margin in block.margins.items()},
            "units": {name: text(count) for name, count in units.items()},
        }
        for block, units in zip(blocks, result.units, strict=True)
    ]
    return blocks, result, limits


def _ordered(blocks: Sequence[Block], result: Spread) -> dict[int, Decimal]:
    totals = [sum(units.values(), ZERO) for units in result.units]
    return {
        i: quantity * total for block, total in zip(blocks, totals, strict=True) for i, quantity in block.unit.items()
    }


def _cut_by(blocks: Sequence[Block], result: Spread, bound: Finding) -> DecisionReason | None:
    """Which limit made an order smaller than its mode and rounding alone; None for none."""
    totals = [sum(units.values(), ZERO) for units in result.units]
    pairs = list(zip(blocks, totals, strict=True))
    if any(
        total < whole_steps(block.wanted, ONE) and whole_steps(block.wanted, ONE) >= block.least
        for block, total in pairs
    ):
        return DecisionReason.MARGIN_LIMIT
    return bound.reason if any(total < whole_steps(block.full, ONE) for block, total in pairs) else None


def _kept_whole(
    case: EntryCase,
    blocks: Sequence[Block],
    result: Spread,
    full: Mapping[int, Decimal],
    ordered: Mapping[int, Decimal],
    cut: DecisionReason | None,
    figures: dict[str, Any],
    *,
    hedged: bool,
) -> None:
    """All legs or none, and in their ratio. Refused with the cut that breaks it, else with what rounding breaks."""
    if any(not units for units in result.units):
        possible = all(whole_steps(block.full, ONE) >= block.least for block in blocks)
        raise Refused(cut if cut is not None and possible else DecisionReason.TOO_SMALL)
    if len(blocks) == 1 or not hedged:
        return
    move, most = hedge_ratio_move(full, ordered), case.world.rules.hedge_ratio_move
    figures["hedge_ratio"] = {"move": text(move), "most": text(most)}
    if move is not None and move <= most:
        return
    uncut = {i: whole_steps(b.full, ONE) * quantity for b in blocks for i, quantity in b.unit.items()}
    alone = hedge_ratio_move(full, uncut)
    broken_by_cut = cut is not None and alone is not None and alone <= most
    raise Refused(cut if cut is not None and broken_by_cut else DecisionReason.PROPORTION)


def _orders(
    case: EntryCase,
    blocks: Sequence[Block],
    result: Spread,
    margins: Mapping[str, MarginLimit],
    figures: dict[str, Any],
) -> tuple[PlannedOrder, ...]:
    orders: list[PlannedOrder] = []
    for block, units in zip(blocks, result.units, strict=True):
        for name, count in units.items():
            quantities = {index: quantity * count for index, quantity in block.unit.items()}
            reserved = margin_of(block.legs, quantities, margins[name].account, case.world)
            for leg in block.legs:
                quantity = quantities[leg.index]
                orders.append(_entry(leg, name, quantity, reserved[leg.index]))
                orders += protective_orders(case.signal.signal_id, leg, name, quantity)
    for row in figures["accounts"]:
        new = sum((order.reserved_margin for order in orders if order.account_id == row["account"]), ZERO)
        finding = margins[row["account"]].validate(new)
        row |= finding.figures
        if finding.reason is not None:
            raise Refused(finding.reason)
    return tuple(orders)


def _entry(leg: PricedLeg, account_id: str, quantity: Decimal, margin: Decimal) -> PlannedOrder:
    facts = leg.facts
    return PlannedOrder(
        leg=leg.index,
        account_id=account_id,
        role=OrderRole.ENTRY,
        instrument_key=leg.key,
        asset_class=leg.asset_class,
        side=leg.side,
        quantity=quantity,
        order_type=facts.order_type,
        limit_price=facts.limit_price,
        stop_price=facts.stop_price,
        multiplier=leg.terms.multiplier,
        currency=leg.terms.currency,
        reference_price=facts.reference_price or leg.price,
        reserved_margin=margin,
        combination=facts.combination,
        ratio=facts.ratio,
        net_price=facts.net_price,
    )
