"""How an entry is spread over accounts: whole units, in proportion, spilling what one cannot take to the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fund_pipeline.cerebro.sizing.arithmetic import ONE, ZERO, whole_steps
from fund_pipeline.cerebro.sizing.pricing import PricedLeg


@dataclass(frozen=True, kw_only=True)
class Block:
    """Legs that are ordered together in one account, in whole multiples of a unit.

    Attributes
    ----------
    unit : leg index -> quantity of one unit.
    full : units that the sizing mode gives, unrounded; `wanted` : after the bounds.
    least : fewest units of an order.
    margins : account id -> margin of one unit, for each account that may take it, in the strategy's order.
    """

    legs: tuple[PricedLeg, ...]
    unit: Mapping[int, Decimal]
    full: Decimal
    wanted: Decimal
    least: Decimal
    margins: Mapping[str, Decimal]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Units per block and account, in the order of the blocks. `part` : what margin left of what was wanted, 0 to 1."""

    units: tuple[Mapping[str, Decimal], ...]
    part: Decimal


def spread(blocks: Sequence[Block], rooms: Mapping[str, Decimal], weights: Mapping[str, Decimal]) -> Spread:
    """Spread blocks over accounts.

    Parameters
    ----------
    rooms : account id -> margin it may still take, in the currency of the blocks' margins there.
    weights : account id -> what it is to take in proportion to.
    """
    groups: dict[tuple[str, ...], list[int]] = {}
    for number, block in enumerate(blocks):
        groups.setdefault(tuple(block.margins), []).append(number)
    ordered = sorted(groups.items(), key=lambda group: len(group[0]))
    part = _common_part(ordered, blocks, rooms, weights)
    left = dict(rooms)
    units: dict[int, Mapping[str, Decimal]] = {}
    for accounts, numbers in ordered:
        each = _margins(accounts, [blocks[number] for number in numbers])
        shares = _shares(part, each, left, weights)
        for number in numbers:
            block = blocks[number]
            total = whole_steps(part * block.wanted, ONE)
            units[number] = _place(total, block, shares, left)
            for account, count in units[number].items():
                left[account] -= count * block.margins[account]
    return Spread(units=tuple(units[number] for number in range(len(blocks))), part=part)


def _common_part(
    groups: list[tuple[tuple[str, ...], list[int]]],
    blocks: Sequence[Block],
    rooms: Mapping[str, Decimal],
    weights: Mapping[str, Decimal],
) -> Decimal:
    """The part of all blocks that margin has room for. Each pass lowers it for one group at least, or is the last."""
    part = ONE
    for _ in range(len(groups) + 1):
        left, lowered = dict(rooms), False
        for accounts, numbers in groups:
            each = _margins(accounts, [blocks[number] for number in numbers])
            most = sum((left[a] / margin for a, margin in each.items() if margin > 0), ZERO)
            if most < part and all(margin > 0 for margin in each.values()):
                part, lowered = most, True
            for account, share in _shares(part, each, left, weights).items():
                left[account] = max(left[account] - share * each[account], ZERO)
        if not lowered:
            break
    return part


def _margins(accounts: tuple[str, ...], blocks: list[Block]) -> dict[str, Decimal]:
    return {a: sum((block.margins[a] * block.wanted for block in blocks), ZERO) for a in accounts}


def _shares(
    part: Decimal, margins: Mapping[str, Decimal], rooms: Mapping[str, Decimal], weights: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """Account id -> its share of the whole, adding up to `part` where there is room for it."""
    room = {a: rooms[a] / margin if margin > 0 else part for a, margin in margins.items()}
    taken = dict.fromkeys(margins, ZERO)
    open_accounts, left = list(margins), part
    while open_accounts and left > 0:
        weight = {a: max(weights[a], ZERO) for a in open_accounts}
        total = sum(weight.values(), ZERO)
        if not total:
            weight, total = dict.fromkeys(open_accounts, ONE), Decimal(len(open_accounts))
        full = [a for a in open_accounts if room[a] <= left * weight[a] / total]
        for account in full:
            taken[account] = room[account]
        if not full:
            return taken | {a: left * weight[a] / total for a in open_accounts}
        left = part - sum(taken.values(), ZERO)
        open_accounts = [a for a in open_accounts if a not in full]
    return taken


def _place(
    total: Decimal, block: Block, shares: Mapping[str, Decimal], rooms: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """Whole units that follow the shares; those that rounding leaves over go where most of one was cut off.

    An account whose part is below the least order leaves it to the others.
    """
    most = {a: _most(total, block.margins[a], rooms[a]) for a in shares}
    active = [a for a in shares if shares[a] > 0 and most[a] > 0]
    while active:
        share = sum((shares[a] for a in active), ZERO)
        exact = {a: total * shares[a] / share for a in active}
        found = {a: min(whole_steps(exact[a], ONE), most[a]) for a in active}
        by_remainder = sorted(active, key=lambda a: found[a] - exact[a])
        for at_most in (ONE, total):
            for account in by_remainder:
                more = min(total - sum(found.values(), ZERO), most[account] - found[account], at_most)
                found[account] += max(more, ZERO)
        small = [a for a in active if found[a] < block.least]
        if not [a for a in small if found[a]]:
            return {a: count for a, count in found.items() if count}
        least = min(small, key=lambda a: (found[a] > 0, found[a], shares[a]))
        active = [a for a in active if a != least and found[a]] if found[least] else [a for a in active if found[a]]
    return {}


def _most(total: Decimal, margin: Decimal, room: Decimal) -> Decimal:
    if margin <= 0:
        return total
    count = whole_steps(room / margin, ONE)
    return count - 1 if count * margin > room else count
