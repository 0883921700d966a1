"""What a backtest tells of margin: the share of its equity that its positions tied up."""

from __future__ import annotations

import numpy as np

from fund_pipeline.backtests.model import Floats


def margin_use(margin: Floats, equity: Floats, pnl: Floats, returns: Floats) -> Floats:
    """Margin used ÷ start-of-day equity by day, shape (n,); NaN where either is unknown.

    Start-of-day equity is equity − PnL, or equity ÷ (1 + return) where there is no PnL.
    """
    by_pnl = equity - pnl
    start = np.where(np.isnan(by_pnl), equity / (1.0 + returns), by_pnl)
    use: Floats = margin / np.where(start > 0, start, np.nan)
    return use


def known_margin_use(use: Floats) -> Floats:
    """The days that tell something; empty where all are unknown or 0, for positions without margin do not exist."""
    known: Floats = use[np.isfinite(use)]
    return known if known.size and known.max() > 0.0 else known[:0]
