"""Signals in: what senders write becomes one standardised signal, or one problem that names field, value and remedy.

What is exported here decides by values alone: bytes and values in, values out, the times passed in (`load_master` reads
the instrument master's file first). What acts on the world is imported by name: `signals.inbox` and `signals.spool`
store, `signals.senders` keeps the registry and authenticates, `signals.collector` is called in another's process."""

from fund_pipeline.instruments import Instrument, InstrumentMaster, load_master
from fund_pipeline.signals.completeness import entry_problem
from fund_pipeline.signals.context import Context
from fund_pipeline.signals.digest import (
    DuplicateVerdict,
    SignalKey,
    content_digest,
    duplicate_verdict,
    hook_digest,
    raw_text,
    without_passphrase,
)
from fund_pipeline.signals.envelope import Envelope, accepted_environment, passphrase_of, read_envelope
from fund_pipeline.signals.errors import Problem, SignalError
from fund_pipeline.signals.formats import FORMATS, standardise
from fund_pipeline.signals.model import Leg, Signal
from fund_pipeline.signals.notes import Note, NoteCode
from fund_pipeline.signals.options import DirectionMeans, DuplicatePolicy, QuantityMeans, SenderOptions
from fund_pipeline.signals.parse import adopt, parse_json
from fund_pipeline.signals.reasons import QuarantineReason, RejectionReason
from fund_pipeline.signals.values import as_values, from_values
from fund_pipeline.terms import AssetClass, Environment, OrderType, Side, SignalType

__all__ = [
    "FORMATS",
    "AssetClass",
    "Context",
    "DirectionMeans",
    "DuplicatePolicy",
    "DuplicateVerdict",
    "Envelope",
    "Environment",
    "Instrument",
    "InstrumentMaster",
    "Leg",
    "Note",
    "NoteCode",
    "OrderType",
    "Problem",
    "QuantityMeans",
    "QuarantineReason",
    "RejectionReason",
    "SenderOptions",
    "Side",
    "Signal",
    "SignalError",
    "SignalKey",
    "SignalType",
    "accepted_environment",
    "adopt",
    "as_values",
    "content_digest",
    "duplicate_verdict",
    "entry_problem",
    "from_values",
    "hook_digest",
    "load_master",
    "parse_json",
    "passphrase_of",
    "raw_text",
    "read_envelope",
    "standardise",
    "without_passphrase",
]
