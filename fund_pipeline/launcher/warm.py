"""The warm process: it has imported what a code location needs, and forks a worker for each run that is asked of it.

What that is it learns from its forks, the first of which rehearses: each tells what it had to import by itself.

`python -m fund_pipeline.launcher.warm --socket PATH --module MODULE --announce LINK`. It imports and never works: at a
fork it holds no thread, no connection and no engine, and it refuses to fork if it does. When a file of the code changes
it starts itself anew under the same number; requests wait in the socket, or go to the stock launcher. Code that cannot
be imported leaves it here, unwell, until the code changes again.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

import psutil
from dagster._core.instance.ref import InstanceRef

from fund_pipeline.launcher import forked
from fund_pipeline.launcher.asking import BUSY, UNWELL
from fund_pipeline.logs import get_logger

MOST_AT_ONCE = 8
"""Workers that live at a time; more would only take the processor from each other."""

PACKAGE = "fund_pipeline"
INHERITED = "FUND_WARM_SOCKET"
_TICK_SECONDS = 1.0
_PIPE_BYTES = 65_536

log = get_logger(__name__)


def _nothing(_tags: forked.Tags) -> None:
    """What a location has done in the fork for a run before anything is opened, unless it has a `stand_by`."""


class WarmProcess:
    """What it has imported, whom it has forked, and how often it was asked."""

    def __init__(self, listener: socket.socket, module: str) -> None:
        self._listener = listener
        self._module = module
        self._home = InstanceRef.from_dir(os.environ["DAGSTER_HOME"])  # what dagster.yaml says, and nothing opened
        self._learnt, self._lesson = os.pipe()
        os.set_blocking(self._learnt, False)
        self._workers = {child.pid for child in psutil.Process().children()}  # of before a reload
        self._counts = {"forks": 0, "busy": 0, "unwell": 0}
        self._stand_by: Callable[[forked.Tags], None] = _nothing
        self._problem: str | None = None
        self._suspects: frozenset[str] = frozenset()
        self._since = time.time()
        self._stamps: Mapping[str, float] = {}
        self._import_seconds = 0.0

    def load(self) -> None:
        """Import the code; what is wrong with it is kept, and told to whoever asks."""
        began = time.monotonic()
        try:
            loaded = import_module(self._module)
            loaded.defs.get_repository_def()
            self._stand_by = getattr(loaded, "stand_by", _nothing)
        except Exception as broken:
            log.exception("the code cannot be imported", code=self._module)
            self._problem = f"{self._module} cannot be imported: {type(broken).__name__}"
            self._suspects = _files_of(broken)
        self._stamps = _stamps(self._suspects)
        if self._problem is None:
            self._rehearse()
        self._import_seconds = time.monotonic() - began
        gc.collect()
        gc.freeze()

    def serve(self) -> None:
        """Answer until this process is told to stop."""
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._listener, selectors.EVENT_READ)
            while True:
                ready = waiting.select(_TICK_SECONDS)
                self._bury()
                if _stamps(self._suspects) != self._stamps:
                    self._start_anew()
                if ready:
                    self._answer()
                elif not self._workers:
                    self._learn()

    def status(self) -> str:
        """Its figures as JSON: what it is, what it did, and what it holds."""
        process = psutil.Process(os.getppid())
        return json.dumps(
            {
                "pid": process.pid,
                "since": self._since,
                "module": self._module,
                "problem": self._problem,
                "import_seconds": round(self._import_seconds, 2),
                "workers": len(self._workers),
                "most_at_once": MOST_AT_ONCE,
                "memory_bytes": process.memory_info().rss,
                **self._counts,
            }
        )

    def _rehearse(self) -> None:
        """Have a fork open what a run opens first, and import here what it needed for that."""
        pid = os.fork()
        if pid == 0:
            with _last_act(self._lesson):
                forked.rehearse(self._home)
        os.waitpid(pid, 0)
        self._learn()

    def _learn(self) -> None:
        """Import what forks had to import by themselves, so that later ones need not."""
        told = b""
        with suppress(BlockingIOError):
            while more := os.read(self._learnt, _PIPE_BYTES):
                told += more
        for name in dict.fromkeys(told.decode().split()):
            if name in sys.modules:
                continue
            try:
                import_module(name)
            except (ImportError, AttributeError, RuntimeError) as alone:
                # Some can only be imported by what needs them: forks go on doing that.
                log.info("a module was not imported ahead", name_of=name, problem=repr(alone))
        if told:
            # What was known keeps its stamp: it may have changed meanwhile.
            self._stamps = {**_stamps(self._suspects), **self._stamps}
            gc.collect()
            gc.freeze()

    def _answer(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            refusal = self._refusal()
            if refusal is not None:
                connection.setblocking(False)
                with suppress(BrokenPipeError, ConnectionResetError):  # who asked while code was imported may have gone
                    connection.send(f"{refusal}\n".encode())  # a line fits into the buffer of a new socket
                return
            pid = os.fork()
            if pid == 0:
                with _last_act(self._lesson):
                    self._listener.close()
                    forked.answer(connection, self._home, self.status, self._stand_by)
            self._workers.add(pid)
            self._counts["forks"] += 1

    def _refusal(self) -> str | None:
        if len(self._workers) >= MOST_AT_ONCE:
            self._counts["busy"] += 1
            return BUSY
        threads = threading.active_count()
        problem = self._problem or (f"{threads} threads run in it, and none may at a fork" if threads > 1 else None)
        if problem is None:
            return None
        self._counts["unwell"] += 1
        return f"{UNWELL} {problem}"

    def _bury(self) -> None:
        for pid in list(self._workers):
            try:
                ended, _ = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                ended = pid
            if ended:
                self._workers.discard(pid)

    def _start_anew(self) -> None:
        log.warning("the code has changed: the warm process imports it anew", code=self._module)
        self._listener.set_inheritable(True)
        os.environ[INHERITED] = str(self._listener.fileno())
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, "-m", "fund_pipeline.launcher.warm", *sys.argv[1:]])  # noqa: S606


@contextmanager
def _last_act(lesson: int) -> Iterator[None]:
    """In a fork: work, tell what had to be imported for it, and end. It never comes back into the parent's code."""
    known, code = set(sys.modules), 1
    try:
        yield
        code = 0
    except BaseException:
        log.exception("a fork of the warm process ended")
    finally:
        with suppress(BlockingIOError):
            os.set_blocking(lesson, False)
            for name in sys.modules.keys() - known:
                os.write(lesson, f"{name}\n".encode())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _files_of(broken: BaseException) -> frozenset[str]:
    """Files in which the fault may be, none of which is imported."""
    named = {broken.filename} if isinstance(broken, SyntaxError) and broken.filename else set()
    frames = traceback.extract_tb(broken.__traceback__)
    return frozenset(named | {frame.filename for frame in frames if Path(frame.filename).is_file()})


def _stamps(suspects: frozenset[str]) -> Mapping[str, float]:
    """When each imported file of the product, and each that could not be imported, was changed last."""
    ours = {
        file
        for name, module in list(sys.modules.items())
        if name.partition(".")[0].startswith(PACKAGE) and (file := getattr(module, "__file__", None))
    }
    found = {}
    for file in ours | suspects:
        try:
            found[file] = os.stat(file).st_mtime
        except FileNotFoundError:
            found[file] = 0.0
    return found


def _listen(path: Path) -> socket.socket:
    handed_down = os.environ.pop(INHERITED, None)
    if handed_down is not None:
        listener = socket.socket(fileno=int(handed_down))
        listener.set_inheritable(False)
        return listener
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(128)
    return listener


def _announce(link: Path, path: Path) -> None:
    staged = link.with_suffix(".staged")
    staged.unlink(missing_ok=True)
    staged.symlink_to(path.resolve())
    staged.replace(link)


def main() -> None:
    """Listen, import, serve."""
    parser = argparse.ArgumentParser(prog="python -m fund_pipeline.launcher.warm", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True, help="where to listen; only this user can connect")
    parser.add_argument("--announce", type=Path, required=True, help="a link to the socket, made once all is imported")
    parser.add_argument("--module", required=True, help="the code location's module, with `defs` in it")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    process = WarmProcess(_listen(asked.socket), asked.module)
    process.load()
    _announce(asked.announce, asked.socket)
    process.serve()


if __name__ == "__main__":
    main()
