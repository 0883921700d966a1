"""Allocations with choices that are whole: a strategy held properly or not at all, or in whole units.

A search tree over linear relaxations, in which the limits of risk are cuts that hold everywhere, proves each answer."""

from fund_pipeline.cerebro.allocation.whole.held import Held, held_or_nothing

__all__ = ["Held", "held_or_nothing"]
