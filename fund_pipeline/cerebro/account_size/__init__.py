"""How small an account may be: the least capital at which whole units keep every limit and nearly all of the return.

Also the best whole units at a given capital, and how the share of the return that is kept grows with it."""

from fund_pipeline.cerebro.account_size.asking import account_curve, best_at, minimum_account
from fund_pipeline.cerebro.account_size.model import AccountSize, AccountStatus, Holding, Unit, WholeUnits

__all__ = [
    "AccountSize",
    "AccountStatus",
    "Holding",
    "Unit",
    "WholeUnits",
    "account_curve",
    "best_at",
    "minimum_account",
]
