"""Decisions: what is done about each standardised signal, from the facts of that moment.

`decide_waiting` decides a batch and records it with its orders as intents; `execution` sends them.
"""

from fund_pipeline.decisions.batch import Settled, decide_waiting
from fund_pipeline.decisions.facts import Sources, gather
from fund_pipeline.decisions.following_up import decide_follow_ups

__all__ = ["Settled", "Sources", "decide_follow_ups", "decide_waiting", "gather"]
