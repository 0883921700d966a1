"""Performance as an auditor reads it: pure functions of values and flows. No ledger, no clock.

Returns are decimals, money is Decimal in one currency; docs/performance.md has the conventions.
"""

from fund_pipeline.accounts.performance.attribution import (
    Attribution,
    Dimension,
    Part,
    TradedLine,
    attribute,
    link_contributions,
)
from fund_pipeline.accounts.performance.brinson import Brinson, Segment, SegmentEffects, brinson_fachler, linked
from fund_pipeline.accounts.performance.days import DayValue, ValueSeries
from fund_pipeline.accounts.performance.dietz import PeriodFlow, average_capital, modified_dietz
from fund_pipeline.accounts.performance.fees import FeeOutcome, performance_fee
from fund_pipeline.accounts.performance.figures import Figure, NotDefined, as_json, percent, to_places
from fund_pipeline.accounts.performance.money_weighted import DatedFlow, money_weighted, period_rate, xirr
from fund_pipeline.accounts.performance.periods import PeriodTable, months_of, period_table
from fund_pipeline.accounts.performance.position_capital import Trade, position_capital
from fund_pipeline.accounts.performance.risk import RiskFigures, risk_of
from fund_pipeline.accounts.performance.side_by_side import MWR_LABEL, TWR_LABEL, Returns, profit_of, returns_of
from fund_pipeline.accounts.performance.stakes import CASH, Stake, paired, portfolio_stakes, segment_order
from fund_pipeline.accounts.performance.time_weighted import (
    Basis,
    DailyReturn,
    annualised,
    daily_returns,
    link,
    time_weighted,
)

__all__ = [
    "CASH",
    "MWR_LABEL",
    "TWR_LABEL",
    "Attribution",
    "Basis",
    "Brinson",
    "DailyReturn",
    "DatedFlow",
    "DayValue",
    "Dimension",
    "FeeOutcome",
    "Figure",
    "NotDefined",
    "Part",
    "PeriodFlow",
    "PeriodTable",
    "Returns",
    "RiskFigures",
    "Segment",
    "SegmentEffects",
    "Stake",
    "Trade",
    "TradedLine",
    "ValueSeries",
    "annualised",
    "as_json",
    "attribute",
    "average_capital",
    "brinson_fachler",
    "daily_returns",
    "link",
    "link_contributions",
    "linked",
    "modified_dietz",
    "money_weighted",
    "months_of",
    "paired",
    "percent",
    "performance_fee",
    "period_rate",
    "period_table",
    "portfolio_stakes",
    "position_capital",
    "profit_of",
    "returns_of",
    "risk_of",
    "segment_order",
    "time_weighted",
    "to_places",
    "xirr",
]
