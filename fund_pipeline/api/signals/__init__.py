"""Signals over HTTP: taken in, told about, and read in the background. What a signal means is the signals room's."""

from fund_pipeline.api.signals.desk import AtDesk, Desk, desk_of
from fund_pipeline.api.signals.door import doors
from fund_pipeline.api.signals.posting import PATHS
from fund_pipeline.api.signals.posting import router as posting
from fund_pipeline.api.signals.readiness import router as readiness
from fund_pipeline.api.signals.refusals import too_large
from fund_pipeline.api.signals.telling import router as telling

__all__ = ["PATHS", "AtDesk", "Desk", "desk_of", "doors", "posting", "readiness", "telling", "too_large"]
