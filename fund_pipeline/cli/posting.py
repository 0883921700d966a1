"""`fund signals post`: a list of signals, posted to a running service as a sender would."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli.tables import console, shown
from fund_pipeline.clock import utc_now
from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    from fund_pipeline.signals.player import Player
    from fund_pipeline.signals.posting import Posted, SignalService

HIDDEN = "(hidden)"
VARIABLE = "SENDER_PASSPHRASE"
"""The environment variable that is looked at if no other is named."""


@dataclass(frozen=True)
class _Show:
    """How what happens is told: lines for people, or JSON lines; whatever else there is to say goes to stderr."""

    as_json: bool

    def signal(self, file: Path, posted: Posted) -> None:
        if self.as_json:
            typer.echo(json.dumps({"file": str(file), **asdict(posted)}))
        else:
            for line in in_lines(posted):
                console().print(shown(line), soft_wrap=True)

    def waiting(self, seconds: float) -> AbstractContextManager[object]:
        terminal = console()
        if self.as_json or not terminal.is_terminal:
            return nullcontext()
        return terminal.status(f"waiting {seconds:.0f} s")

    def aside(self, text: str) -> None:
        if not self.as_json:
            typer.echo(shown(text).plain, err=True)


def post(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Lists of signals, as in data/signals.")],
    url: Annotated[str, typer.Option(help="The service; https, or http on this machine.")] = "http://127.0.0.1:8000",
    passphrase_env: Annotated[
        str, typer.Option(metavar="VAR", help="Environment variable that holds the sender's passphrase.")
    ] = VARIABLE,
    sender: Annotated[
        str | None, typer.Option(metavar="ID", help="Who sends: needed to ask what became of the signals.")
    ] = None,
    run_id: Annotated[
        str | None, typer.Option(metavar="ID", help="Begins the ids of signals without one; a new one if not given.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.001, help="How many times faster than the list says.")] = 1.0,
    wait: Annotated[bool, typer.Option(help="Wait between signals as the list says.")] = True,
    follow: Annotated[
        bool, typer.Option(help="Ask for each signal until it has been read; with --sender only.")
    ] = True,
    retry_seconds: Annotated[
        float, typer.Option(min=0, max=86_400, help="How long to post a signal again while it is not answered.")
    ] = 60.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be posted, and post nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON for each signal.")] = False,
) -> None:
    """Post lists of signals in order, as a sender would: ids, times, passphrase and references are filled in.

    While the service does not answer, or says 429 or 5xx, the very same signal is posted again, which doubles nothing.
    Exit code 0 when the service accepted every one, whatever it then made of them; 1 when it did not.
    """
    from fund_pipeline.signals.posting import SignalService

    show = _Show(as_json)
    run = run_id or new_run_id()
    passphrase = os.environ.get(passphrase_env, "")
    players = list(_players(files, run, passphrase or (HIDDEN if dry_run else "")))
    if dry_run:
        for file, player in players:
            _print_plan(file, player, as_json=as_json)
        return
    if not passphrase:
        raise InputError(
            f"the environment variable {passphrase_env} is not set",
            remedy="set it to the sender's passphrase, or name another with --passphrase-env",
        )
    if sender is None and follow:
        show.aside("states are those answered; --sender ID asks what became of the signals")

    def again(why: str, seconds: float) -> None:
        show.aside(f"no answer ({why}); the same again in {seconds:.1f} s")

    factor = 1 / Decimal(repr(speed)) if wait else Decimal(0)
    accepted = total = 0
    with SignalService(url, sender or "", passphrase, retry_seconds, again) as service:
        for file, player in players:
            if not as_json:
                console().print(shown(f"{file}, as {player.run_id}", "bold"))
            for posted in _played(service, player, factor, show, follow=follow and sender is not None):
                show.signal(file, posted)
                accepted += bool(posted.signal_id)
                total += 1
    show.aside(f"{accepted} of {total} accepted")
    if accepted < total:
        raise typer.Exit(1)


def new_run_id() -> str:
    """A name for a playing that no other has."""
    return f"play-{utc_now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def in_lines(posted: Posted) -> Iterator[str]:
    """A signal for people: what it is and where it stands, and below it why and what to do where there is a reason."""
    stands = posted.state or posted.outcome.value
    kept = posted.signal_id or posted.sender_signal_id
    kind = posted.type or "no type"
    yield f"  {posted.place}/{posted.of}  {kind:<11}  {posted.strategy:<16}  {kept}  {stands}"
    if posted.reason:
        where = f"{posted.field}: " if posted.field else ""
        yield f"       why: {posted.reason}, {where}{posted.message}"
        yield f"       to fix: {posted.remedy}"


def _players(files: list[Path], run_id: str, passphrase: str) -> Iterator[tuple[Path, Player]]:
    """All lists are read before the first signal is posted. With several, each has a run id of its own."""
    from fund_pipeline.signals.player import Player, read_playlist

    for number, file in enumerate(files, 1):
        try:
            steps = read_playlist(file.read_bytes())
        except OSError as refused:
            raise InputError(f"{file} cannot be read: {refused.strerror}", remedy="name a list of signals") from None
        except InputError as wrong:
            raise InputError(f"{file}: {wrong.message}", remedy=wrong.remedy) from None
        yield file, Player(steps, run_id if len(files) == 1 else f"{run_id}-{number}", passphrase)


def _played(service: SignalService, player: Player, factor: Decimal, show: _Show, *, follow: bool) -> Iterator[Posted]:
    """Each signal once its state is known. Asking for it takes its time off the wait that follows."""
    from fund_pipeline.errors import TemporaryError
    from fund_pipeline.signals.posting import followed, play

    answered = time.monotonic()

    def pause(seconds: Decimal) -> None:
        left = float(seconds * factor) - (time.monotonic() - answered)
        if left > 0:
            with show.waiting(left):
                time.sleep(left)

    for posted in play(service, player, pause):
        answered = time.monotonic()
        if not follow:
            yield posted
            continue
        try:
            yield followed(service, posted)
        except TemporaryError as gone:
            show.aside(f"it was accepted; asking for it failed: {gone.message}")
            yield replace(posted, state="UNKNOWN")


def _print_plan(file: Path, player: Player, *, as_json: bool) -> None:
    """What would be posted, with stand-ins for what the service would answer. No passphrase is shown."""
    from fund_pipeline.signals.digest import PASSPHRASE, json_text, without_passphrase

    while not player.finished:
        planned = player.post(utc_now())
        place = planned.index + 1
        payload = {**without_passphrase(planned.payload), PASSPHRASE: HIDDEN}
        if as_json:
            values = {"file": str(file), "place": place, "of": len(player.steps), "wait_seconds": planned.wait_seconds}
            typer.echo(json_text({**values, "payload": payload}))
        else:
            text = f"{place}/{len(player.steps)}  then wait {planned.wait_seconds} s  {json_text(payload)}"
            console().print(shown(text), soft_wrap=True)
        player = player.answered(f"(id of signal {place})")
