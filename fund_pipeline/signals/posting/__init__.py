"""Sending signals over HTTP as a sender would: in order, again until they are answered, and seen what became of them.

`play` posts a list, `followed` asks until each has been read."""

from fund_pipeline.signals.posting.address import checked_url
from fund_pipeline.signals.posting.playing import Outcome, Posted, followed, play
from fund_pipeline.signals.posting.service import Answer, SignalService

__all__ = ["Answer", "Outcome", "Posted", "SignalService", "checked_url", "followed", "play"]
