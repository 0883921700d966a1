"""The reader of a deployment: its instruments, its environment, and where whole documents are looked up."""

from __future__ import annotations

from fund_pipeline.instruments import load_master
from fund_pipeline.settings import Settings
from fund_pipeline.signals.inbox.reading import Reader
from fund_pipeline.signals.mongodb import fuller_of
from fund_pipeline.terms import Environment


def reader_of(settings: Settings) -> Reader:
    """As the settings have it; make one for each process and keep it.

    InputError for an instrument master that is wrong, ConfigurationError for a collector's database that is.
    """
    return Reader(load_master(settings.instruments), Environment(settings.environment), fuller_of(settings))
