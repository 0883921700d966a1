"""What one start leaves for the next to read: the lock, and who was started."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fund_pipeline.errors import ConfigurationError, ConflictError


@dataclass(frozen=True)
class State:
    """One start of the services.

    Attributes
    ----------
    pid : process id of the supervisor.
    url : address of the web page.
    token : value that every process of this start carries in its environment.
    sockets : folder of the code servers' sockets.
    pids : process id of each service by name.
    """

    pid: int
    url: str
    token: str
    sockets: str
    pids: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RunFolder:
    """The folder that holds lock, state, sockets and workspace. Only its owner may enter: a socket obeys anyone."""

    path: Path

    @property
    def workspace(self) -> Path:
        """The generated workspace file."""
        return self.path / "workspace.yaml"

    def make(self) -> None:
        """Create the folder, or close it to others. Raises ConfigurationError where that is refused."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o700)
        except OSError as refused:
            raise ConfigurationError(
                f"{self.path} cannot be made: {refused.strerror}", remedy="set FUND_HOME to a folder of yours"
            ) from refused

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the only supervisor of this home. The lock ends with the process, however it ends.

        Raises ConflictError, naming the other's process and address, when there is one.
        """
        with (self.path / "up.lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise self._already_up() from None
            yield

    def read(self) -> State | None:
        """The last start that did not end in order, or the one that runs; None if there is neither.

        Raises ConfigurationError when the file is not one that this version wrote.
        """
        try:
            return State(**json.loads(self._file.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise ConfigurationError(
                f"{self._file} cannot be understood",
                remedy="see with `ps` that no service of this home runs, then delete the file",
            ) from None

    def write(self, state: State) -> None:
        """Replace the state, whole or not at all."""
        staged = self._file.with_suffix(".staged")
        staged.write_text(json.dumps(asdict(state)))
        staged.replace(self._file)

    def clear(self) -> None:
        """Forget the state: everything it named has ended."""
        self._file.unlink(missing_ok=True)

    @property
    def _file(self) -> Path:
        return self.path / "up.json"

    def _already_up(self) -> ConflictError:
        state = self.read()
        who = f"process {state.pid}, {state.url}" if state else "it is just starting or stopping"
        return ConflictError(
            f"the services of {self.path.parent} are already up ({who})",
            remedy=f"use them, or stop them with `kill {state.pid}`" if state else "wait a moment and try again",
        )
