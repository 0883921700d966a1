"""Which limits an objective cannot take, and the answer to whoever asks for them."""

from __future__ import annotations

import numpy as np

from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.errors import InputError


def refuse_whole_choices(limits: Limits) -> None:
    """InputError if weights are to be 0 or at least something: the quadratic objectives have no whole choices."""
    if limits.least_held:
        raise InputError(
            f"min_weight_if_held = {limits.least_held:g} is only for max-return and min-cvar",
            remedy="leave it out, or take one of those objectives",
        )


def refuse_shapes(limits: Limits, objective: str) -> None:
    """InputError naming the first limit that would change a composition which is given by the risks alone."""
    asked = {
        "min_weight_if_held": bool(limits.least_held),
        "max_turnover": limits.turnover is not None,
        "transaction_cost": limits.trade_price > 0.0,
        "target_return": limits.target_return is not None,
        "min_weight": bool(np.any(limits.lower > 0.0)),
    }
    for name, is_asked in asked.items():
        if is_asked:
            own = [label for i, label in limits.own_bounds if limits.lower[i] > 0.0]
            what = f"least or fixed weight of {own[0]}" if name == "min_weight" and own else name
            raise InputError(
                f"{objective} takes no {what}: its composition follows from the risks alone",
                remedy="leave it out, or take another objective",
            )
