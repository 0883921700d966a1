"""Following the collector's database, so that an existing deployment can be followed without touching it.

`fund signals follow-mongodb` runs `follow`; `fuller_of` finds whole documents for a Reader. The only room that imports
pymongo, which is the optional extra `mongodb`, and only when a database is configured."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from fund_pipeline.errors import ConfigurationError
from fund_pipeline.signals.inbox.reading import Fuller, nothing_fuller

if TYPE_CHECKING:
    from fund_pipeline.settings import Settings
    from fund_pipeline.signals.mongodb.source import Source


def source_of(settings: Settings, *, seconds: float = 5.0) -> Source:
    """The collection of the settings; nothing is connected yet, and no call waits longer than `seconds` for a server.

    ConfigurationError where FUND_MONGODB_URL is empty or wrong, or the extra is not installed.
    """
    if settings.mongodb_url is None:
        raise ConfigurationError(
            "FUND_MONGODB_URL is empty", remedy="set it to the URL of the collector's database, mongodb://..."
        )
    if importlib.util.find_spec("pymongo") is None:
        raise ConfigurationError("pymongo is not installed", remedy="install fund-pipeline[mongodb]")
    from fund_pipeline.signals.mongodb.source import Source

    url = settings.mongodb_url.get_secret_value()
    return Source(url, settings.mongodb_database, settings.mongodb_collection, seconds=seconds)


def fuller_of(settings: Settings) -> Fuller:
    """What a Reader takes as `fuller`: looks documents up in the configured collection, or in nothing where none is.

    Make one for each process and keep it. ConfigurationError as `source_of`; the look-up itself: TemporaryError when
    the database does not answer within a second, and at once for ten seconds more.
    """
    if settings.mongodb_url is None:
        return nothing_fuller
    from fund_pipeline.signals.mongodb.lookup import Lookup

    return Lookup(source_of(settings, seconds=1.0))


__all__ = ["fuller_of", "source_of"]
