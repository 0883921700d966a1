"""A document of the collector is the signal that its sender sent, the same one as over every other way in."""

from __future__ import annotations

import base64
import json
import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument
from hypothesis import given, settings
from hypothesis import strategies as st

from fund_pipeline.ledger import Ledger
from fund_pipeline.signals.collector import SignalProcessor
from fund_pipeline.signals.digest import content_digest
from fund_pipeline.signals.inbox import adopt_document, explain, process_pending
from fund_pipeline.signals.inbox.model import Arrival, WayIn
from fund_pipeline.signals.mongodb.bson_values import UNDECODABLE, decoded, plain
from fund_pipeline.signals.mongodb.documents import BOOKKEEPING, signal_of
from fund_pipeline.signals.mongodb.keeping import keep
from fund_pipeline.signals.parse import adopt
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.homes import ROOT
from fund_pipeline_tests.signals.inboxes import (
    NOW,
    READER,
    SECRET,
    entry,
    hooked,
    post,
    register,
    repeating,
    stored_ids,
)
from fund_pipeline_tests.signals.mongodb.documents import RECEIVED, collected

AGAIN = entry() | {"source": "desk", "note": "x"}
"""A signal with fields that nobody knows."""


def stored(signal: dict[str, Any], /, **fields: object) -> dict[str, Any]:
    """A signal as the collector stores it, read back from BSON."""
    own = {"_id": ObjectId(), "received_at": RECEIVED, "signal_processed": False, "api_endpoint": "example.org"}
    return decoded(RawBSONDocument(bson.encode(signal | own | fields)))


def hook_of(document: dict[str, Any]) -> dict[str, Any]:
    """What the collector's hook passes on of a document: an empty order for one that has none."""
    names = ("timestamp", "signalID", "signal_sent_EPOCH", "strategy_name")
    return {name: document.get(name) for name in names} | {"signal": document.get("signal", {})}


V0 = {name: value for name, value in entry().items() if name not in {"signal_legs", "signal_type"}} | {
    "signal": {"ticker": "AAPL", "action": "BUY", "quantity": 10, "price": 150.25}
}
LEGS = entry()
IN_LEGS = {name: value for name, value in entry().items() if name != "environment"} | {
    "signal_legs": [leg | {"environment": "staging"} for leg in LEGS["signal_legs"]]
}
NO_ENVIRONMENT = {name: value for name, value in V0.items() if name != "environment"}
CASES = [
    pytest.param(V0, stored(V0), id="one order"),
    pytest.param(LEGS, stored(LEGS), id="legs"),
    pytest.param(AGAIN, stored(AGAIN), id="unknown fields"),
    pytest.param(V0, stored(V0, **dict.fromkeys(BOOKKEEPING - {"_id"}, "x")), id="every field of the collector"),
    pytest.param(V0, stored(V0, linked=ObjectId(), seen=RECEIVED), id="ids and times, which JSON has not"),
    pytest.param(LEGS, stored(LEGS, signal=LEGS["signal_legs"]), id="legs written twice"),
    pytest.param(IN_LEGS, stored(IN_LEGS, environment="staging"), id="environment added beside that of the legs"),
    pytest.param(NO_ENVIRONMENT, stored(NO_ENVIRONMENT, environment="staging"), id="environment added"),
]


@pytest.mark.parametrize(("signal", "document"), CASES)
def test_what_came_over_the_webhook_is_the_same_signal(
    signal: dict[str, Any], document: dict[str, Any], ledger: Ledger, tmp_path: Path
) -> None:
    sent = post(ledger, repeating(ledger), signal)
    kept = keep(ledger, Spool(tmp_path / "spool"), signal_of(document, NOW))
    assert (kept.signal_id, kept.duplicate, stored_ids(ledger)) == (sent.signal_id, True, [sent.signal_id])


@pytest.mark.parametrize("is_hook_first", [True, False])
@pytest.mark.parametrize(("_signal", "document"), CASES)
def test_what_the_hook_passed_on_is_the_same_signal(
    _signal: dict[str, Any], document: dict[str, Any], is_hook_first: bool, ledger: Ledger, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "spool")
    if not is_hook_first:
        keep(ledger, spool, signal_of(document, NOW))
    hooked_in = SignalProcessor(ledger, spool).process_new_signal(hook_of(document))
    if is_hook_first:
        keep(ledger, spool, signal_of(document, NOW))
    assert hooked_in is not None
    assert stored_ids(ledger) == [hooked_in.signal_id]


def test_the_same_id_with_another_content_waits_for_a_person(ledger: Ledger, tmp_path: Path) -> None:
    post(ledger, register(ledger), V0)
    kept = keep(ledger, Spool(tmp_path / "spool"), signal_of(stored(V0 | {"account_equity": 2}), NOW))
    process_pending(ledger, READER, NOW)
    assert explain(ledger, kept.signal_id).signal.reason == "ID_REUSED"


def test_a_followed_signal_is_read_like_any_other(ledger: Ledger, tmp_path: Path) -> None:
    register(ledger)
    kept = keep(ledger, Spool(tmp_path / "spool"), signal_of(stored(V0), NOW))
    process_pending(ledger, READER, NOW)
    signal = explain(ledger, kept.signal_id).signal
    assert (signal.state, signal.sender_id, signal.environment) == ("STANDARDISED", "tess", "staging")


def test_a_document_of_another_environment_is_not_traded_here(ledger: Ledger, tmp_path: Path) -> None:
    register(ledger)
    kept = keep(ledger, Spool(tmp_path / "spool"), signal_of(stored(NO_ENVIRONMENT, environment="production"), NOW))
    process_pending(ledger, READER, NOW)
    assert explain(ledger, kept.signal_id).signal.reason == "WRONG_ENVIRONMENT"


@pytest.mark.parametrize("field", ["note", "signalID", "strategy_name"])
def test_the_passphrase_is_nowhere_in_what_is_kept(field: str) -> None:
    raw = signal_of(stored(V0 | {field: f"a {SECRET} b", "signal": {"PassPhrase": SECRET, "x": SECRET}}), NOW).raw
    assert SECRET not in repr([getattr(raw, name) for name in raw.__dataclass_fields__])


def test_types_that_json_has_not_become_plain_values() -> None:
    key = ObjectId("65e0a1b2c3d4e5f6a7b8c9d0")
    odd = {
        "decimal": Decimal128("150.250"),
        "long": Int64(2**60),
        "bytes": Binary(b"\x00\xff"),
        "uuid": Binary.from_uuid(uuid.UUID(int=7)),
        "id": key,
        "time": datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
        "late": DatetimeMS(2**60),
        "nan": float("nan"),
        "infinite": Decimal128("-Infinity"),
        "huge": Decimal128("1E+6000"),
        "pattern": Regex("a.b", "i"),
        "stamp": Timestamp(1, 2),
        "code": Code("1"),
        "reference": DBRef("c", key),
        "least": MinKey(),
        "most": MaxKey(),
    }
    found = adopt(plain(decoded(RawBSONDocument(bson.encode({"deep": [odd]})))))["deep"][0]
    assert found == {
        "decimal": Decimal("150.250"),
        "long": 2**60,
        "bytes": "AP8=",
        "uuid": base64.b64encode(uuid.UUID(int=7).bytes).decode(),
        "id": str(key),
        "time": "2026-03-02T15:00:00+00:00",
        "late": 2**60,
        "nan": "nan",
        "infinite": "-Infinity",
        "huge": "1E+6000",
        "pattern": '{"$regularExpression": {"pattern": "a.b", "options": "i"}}',
        "stamp": '{"$timestamp": {"t": 1, "i": 2}}',
        "code": "1",
        "reference": '{"$ref": "c", "$id": {"$oid": "65e0a1b2c3d4e5f6a7b8c9d0"}}',
        "least": '{"$minKey": 1}',
        "most": '{"$maxKey": 1}',
    }


def test_a_number_is_the_same_however_the_driver_stored_it() -> None:
    written = [10, 10.0, Int64(10), Decimal128("10.0")]
    assert len({signal_of(stored(V0 | {"account_equity": one}), NOW).raw.digest for one in written}) == 1


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.builds(ObjectId)
    | st.builds(Int64, st.integers(-(2**63), 2**63 - 1))
    | st.builds(DatetimeMS, st.integers(-(2**63), 2**63 - 1))
    | st.decimals(-(10**20), 10**20, places=3).map(str).map(Decimal128)
)
KEYS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=10)


@settings(max_examples=50)
@given(st.dictionaries(KEYS | st.sampled_from([*V0, "_id", "signal_legs"]), VALUES, max_size=6))
def test_whatever_bson_holds_is_kept_and_twice_the_same(document: dict[str, Any]) -> None:
    sent = bson.encode(document)
    first, second = (signal_of(decoded(RawBSONDocument(sent)), NOW).raw for _ in range(2))
    assert first == second
    assert json.loads(first.payload).keys() <= adopt(document).keys()


def test_what_is_not_even_bson_is_kept_as_bytes() -> None:
    whole = bson.encode({"_id": 1, "signal": {"x": "y"}})
    broken = whole.replace(b"\x02x\x00", b"\x7ax\x00")
    raw = signal_of(decoded(RawBSONDocument(broken)), NOW).raw
    assert base64.b64decode(json.loads(raw.payload)[UNDECODABLE]) == broken


def test_a_text_that_is_not_utf_8_is_kept_with_a_mark() -> None:
    broken = bson.encode(V0 | {"note": "ab"}).replace(b"ab\x00", b"\xffb\x00")
    assert json.loads(signal_of(decoded(RawBSONDocument(broken)), NOW).raw.payload)["note"] == "\ufffdb"


def test_every_field_that_is_ignored_is_documented() -> None:
    page = (ROOT / "docs" / "signals.md").read_text()
    section = page[page.index("## Following the collector's database") :]
    assert set(re.findall(r"`(\w+)`", section)) >= BOOKKEEPING


def test_the_digest_is_that_of_the_webhook() -> None:
    assert signal_of(stored(V0), NOW).raw.digest == content_digest(adopt(V0))
    hook = adopt_document(hooked(), Arrival(WayIn.HOOK, NOW))
    assert signal_of(stored(hooked()), NOW).raw.hook_digest == hook.hook_digest


def test_a_document_of_the_tests_is_one_of_the_collector() -> None:
    assert signal_of(collected(_id=1), NOW).raw.digest == content_digest(adopt(entry()))
