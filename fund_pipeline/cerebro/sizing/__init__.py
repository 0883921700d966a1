"""Sizing: from a signal and the facts to orders within every limit, with the reason and every figure. Pure.

`decide` is the door. Values of decisions are in `model`, those of facts in `world` and `signal_facts`."""

from fund_pipeline.cerebro.sizing.closing import close_quantity
from fund_pipeline.cerebro.sizing.deciding import Decided, Quarantine, decide, decide_batch
from fund_pipeline.cerebro.sizing.explain import explain
from fund_pipeline.cerebro.sizing.facts import (
    AccountFacts,
    AlphaPolicy,
    EquityFacts,
    FundFacts,
    Market,
    OrderFacts,
    PositionFacts,
    Quote,
    Spreading,
    StrategyFacts,
    Terms,
)
from fund_pipeline.cerebro.sizing.model import Action, ActionKind, Decision, PlannedOrder
from fund_pipeline.cerebro.sizing.reasons import DecisionReason, reasons_table
from fund_pipeline.cerebro.sizing.rules import RiskLimits, SizingRules
from fund_pipeline.cerebro.sizing.signal_facts import BookEntry, LegFacts, SignalFacts
from fund_pipeline.cerebro.sizing.world import World

__all__ = [
    "AccountFacts",
    "Action",
    "ActionKind",
    "AlphaPolicy",
    "BookEntry",
    "Decided",
    "Decision",
    "DecisionReason",
    "EquityFacts",
    "FundFacts",
    "LegFacts",
    "Market",
    "OrderFacts",
    "PlannedOrder",
    "PositionFacts",
    "Quarantine",
    "Quote",
    "RiskLimits",
    "SignalFacts",
    "SizingRules",
    "Spreading",
    "StrategyFacts",
    "Terms",
    "World",
    "close_quantity",
    "decide",
    "decide_batch",
    "explain",
    "reasons_table",
]
