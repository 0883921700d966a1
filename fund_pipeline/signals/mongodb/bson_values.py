"""From BSON to the values that `adopt` knows: nothing in a document can stop the documents behind it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import bson
from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.decimal128 import Decimal128
from bson.errors import BSONError
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument

from fund_pipeline.logs import get_logger

log = get_logger(__name__)

LENIENT: CodecOptions[dict[str, Any]] = CodecOptions(
    document_class=dict,
    tz_aware=True,
    unicode_decode_error_handler="replace",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
LONGEST_ID = 64
UNDECODABLE = "undecodable"


def decoded(document: RawBSONDocument) -> dict[str, Any]:
    """The fields of a document; of one that is not BSON, its bytes in base 64 under `undecodable`. Never raises."""
    try:
        return bson.decode(document.raw, LENIENT)
    except (BSONError, ValueError, OverflowError, RecursionError) as broken:
        digest = hashlib.sha256(document.raw).hexdigest()
        log.error("a document is not valid BSON; its bytes are kept", why=type(broken).__name__, digest=digest)
        return {"_id": digest, UNDECODABLE: base64.b64encode(document.raw).decode()}


def plain(value: Any) -> Any:
    """A decoded value without BSON's own types: numbers stay numbers, bytes become base 64, the rest a text."""
    match value:
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case None | bool() | int() | float() | str() | datetime():
            return value
        case Decimal128():
            return value.to_decimal()
        case ObjectId():
            return str(value)
        case DatetimeMS():  # a time that Python's calendar has not
            return int(value)
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return json_util.dumps(value)


def id_text(value: object) -> str:
    """A document's `_id` in at most 64 characters; 24 hexadecimal ones for an ObjectId."""
    text = str(value) if isinstance(value, ObjectId | str) else json_util.dumps(value)
    return text if len(text) <= LONGEST_ID else hashlib.sha256(text.encode()).hexdigest()
