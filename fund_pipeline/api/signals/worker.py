"""Everything that happens after a signal is answered, in the background of the API."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from fund_pipeline.clock import utc_now
from fund_pipeline.errors import FundError, TemporaryError
from fund_pipeline.instruments import InstrumentMaster
from fund_pipeline.ledger import Ledger
from fund_pipeline.logs import correlated, get_logger
from fund_pipeline.signals.inbox import Reader, drain, process_pending
from fund_pipeline.signals.inbox.reading import Fuller, nothing_fuller
from fund_pipeline.signals.spool import Spool
from fund_pipeline.terms import Environment

IDLE_SECONDS = 1.0
GATHER_SECONDS = 0.05
"""What comes in within this time after a signal is read with it, in one transaction."""
MOST_PAUSE_SECONDS = 10.0
AT_ONCE = 500
STOP_SECONDS = 8.0

log = get_logger(__name__)


class Worker:
    """A thread that stores what waits on the spool and reads what was received, until it is stopped.

    Nothing is lost by ending it at any point: what it has not done is done by the next one, or `fund signals process`.
    """

    def __init__(
        self,
        ledger: Ledger,
        spool: Spool,
        master: Callable[[], InstrumentMaster],
        deployed: Environment,
        idle_seconds: float = IDLE_SECONDS,
        fuller: Fuller = nothing_fuller,
    ) -> None:
        self._ledger, self._spool, self._master, self._deployed = ledger, spool, master, deployed
        self._fuller = fuller
        self._idle = idle_seconds
        self._woken, self._stopping = Event(), Event()
        self._pause, self._told = 0.0, ""
        self._thread = Thread(target=self._work, name="signals worker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Something was received, so that the ledger answers again if it did not."""
        self._woken.set()

    def stop(self) -> None:
        """Finish what is in hand and end."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            log.warning("the signals worker waits for the ledger and is left behind")

    @property
    def is_at_work(self) -> bool:
        """Whether it runs. A fault of ours ends it, loudly: `/readyz` says so, and Dagster reads in its place."""
        return self._thread.is_alive()

    def _work(self) -> None:
        with correlated():
            try:
                while not self._stopping.is_set():
                    self._woken.wait(self._pause or self._idle)
                    self._stopping.wait(self._idle if self._pause else GATHER_SECONDS)
                    self._woken.clear()
                    if not self._stopping.is_set():
                        self._turn()
            finally:
                if not self._stopping.is_set():
                    log.error("the signals worker has failed; start the API again, and report what it wrote")

    def _turn(self) -> None:
        try:
            self._do_all()
        except TemporaryError as away:
            self._failed(log.warning, "signals wait for the ledger", str(away))
        except FundError as wrong:
            self._failed(log.error, "signals are stored, but not read", str(wrong))
        except OSError as refused:  # no file can be opened, or a disk does not answer: both pass
            self._failed(log.error, "signals wait for the system", f"{type(refused).__name__}: {refused.strerror}")
        else:
            if self._told:
                log.warning("signals are read again")
            self._pause, self._told = 0.0, ""

    def _do_all(self) -> None:
        drain(self._ledger, self._spool)
        reader = Reader(self._master(), self._deployed, self._fuller)
        while not self._stopping.is_set():
            if process_pending(self._ledger, reader, utc_now(), AT_ONCE).total < AT_ONCE:
                break

    def _failed(self, tell: Callable[..., None], what: str, why: str) -> None:
        """Told when it begins and when it changes, not at every attempt."""
        if what != self._told:
            tell(what, problem=why)
        self._told = what
        self._pause = min(max(self._idle, self._pause * 2), MOST_PAUSE_SECONDS)
