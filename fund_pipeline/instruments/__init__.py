"""The instrument master: how each instrument trades, and the one text that names it.

Pure but for `load_master`, which reads data/instruments.yaml."""

from fund_pipeline.instruments.key import KeyParts, instrument_key, parse_key
from fund_pipeline.instruments.master import Instrument, InstrumentMaster, Spelling, load_master

__all__ = ["Instrument", "InstrumentMaster", "KeyParts", "Spelling", "instrument_key", "load_master", "parse_key"]
