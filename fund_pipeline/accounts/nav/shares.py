"""Splitting money to the cent, so that nothing is left over and nothing is made."""

from __future__ import annotations

from collections.abc import Mapping


def split(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Shares of a whole number of cents in proportion to whole weights, that sum to it: largest remainder.

    Everyone gets the exact share rounded down; the cents that are left go one each to the largest remainders, of equal
    ones to the first by name. (A. Hamilton's method of apportionment, 1792.)

    Parameters
    ----------
    total : zero or more.
    weights : zero or more each, with a sum above zero.
    """
    whole = sum(weights.values())
    shares: dict[str, int] = {}
    remainders: list[tuple[int, str]] = []
    left = total
    for name, weight in weights.items():
        share, remainder = divmod(total * weight, whole)
        shares[name] = share
        left -= share
        remainders.append((-remainder, name))
    if left:
        remainders.sort()
        for _, name in remainders[:left]:
            shares[name] += 1
    return shares
