"""`entrepot demo`: the live scheduler at work on a world that is played to it."""

from __future__ import annotations

import logging
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import time as TimeOfDay
from datetime import timedelta
from importlib.resources import files as resources
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live

from entrepot.command_line.demo.child import World
from entrepot.command_line.demo.recording import SHIPPED, read_recording
from entrepot.command_line.demo.screen import drawn, line_of, look
from entrepot.command_line.demo.world import Listen, Play, Run
from entrepot.command_line.modules import module_of
from entrepot.command_line.tables import console, tell
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network import load_network
from entrepot.scheduler.clock import FastClock
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.outbox.webhook import Webhook
from entrepot.scheduler.places import Places
from entrepot.scheduler.server.logs import JsonLines
from entrepot.scheduler.server.run import Address, Server
from entrepot.scheduler.server.tokens import Tokens

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)

DAY_SECONDS = 86_400.0
LOOKS_A_DAY = 40
"""At what is due; the wall's second would be two hours of the demonstration's."""
REFRESH_SECONDS = 0.5
NAMES = ("close-lane", "surge", "breakdown", "silence", "bad-cell")
"""Of disturbances; they themselves are imported where the twin is."""


@app.command("demo")
def demo(
    network: Annotated[str, typer.Option(help="A network that ships with the package, or a YAML file.")] = "kreen",
    skus: Annotated[int, typer.Option(min=1, help="How many of its SKUs.")] = 8,
    demand: Annotated[str | None, typer.Option(help="A model of demand by name or path.")] = None,
    policy: Annotated[
        Path | None, typer.Option(help="An exported module. [default: the one that ships]", metavar="FOLDER")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="How many.")] = 60,
    day_seconds: Annotated[float, typer.Option(min=0.2, help="Seconds that a day takes.")] = 10.0,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Play 60 recorded days; needs no torch, and decides in shadow.")
    ] = False,
    disturb: Annotated[
        list[str] | None,
        typer.Option(help=f"From the sixth day on: {', '.join(NAMES)}; may be repeated.", metavar="WHAT"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the world.")] = 0,
    data: Annotated[
        Path | None, typer.Option("--data", help="Keep the scheduler's folder. [default: a temporary one]")
    ] = None,
    record: Annotated[Path | None, typer.Option(help="Write the days for --recorded and end.", metavar="FILE")] = None,
) -> None:
    """Watch the live scheduler at work: a twin plays the world, sends events, and takes orders by webhook.

    The twin runs in a process of its own and knows the scheduler by HTTP alone. For example:

    `entrepot demo --disturb close-lane --disturb silence`
    """
    for name in disturb or ():
        if name not in NAMES:
            raise ConfigurationError(f"--disturb: {name!r}; allowed: {', '.join(NAMES)}")
    if recorded and disturb:
        raise ConfigurationError("--disturb: what was recorded can't be disturbed; leave --recorded out")
    if record is not None:
        _record(record, network, skus, demand, days, seed, set(disturb or ()))
        return
    file: str | None = None
    if recorded:
        file = str(resources("entrepot.command_line.demo").joinpath(SHIPPED))
        kept = read_recording(Path(file))
        network, skus = kept.network, kept.skus
    play = Play(
        network=network,
        skus=skus,
        days=days,
        seed=seed,
        speed=DAY_SECONDS / day_seconds,
        secret=secrets.token_hex(32),
        disturbances=list(disturb or ()),
        demand=demand,
        recorded=file,
    )
    out = console()
    with ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        tell([f"{'read' if recorded else 'the twin builds'} the world; the log is in {folder / 'server.log'}"], out)
        world = stack.enter_context(World(play))
        clock = FastClock(world.ready.start, play.speed)
        settings = Settings(
            mode="shadow" if recorded else "live",
            plan_every=timedelta(hours=3),
            cut_off=TimeOfDay(10, 0),
            grace=timedelta(hours=8),
        )
        places = Places.of(load_network(network, skus=skus))
        posted = None if recorded else Webhook(world.ready.url, play.secret.encode())
        stack.enter_context(_logs_in(folder / "server.log"))
        token = Tokens(folder).issue(f"demo-{secrets.token_hex(4)}", "/", ["events", "read", "operate"])
        server = Listening(
            folder,
            places,
            module_of(policy),
            settings,
            clock,
            Address(port=0),
            posted,
            tick_seconds=min(day_seconds / LOOKS_A_DAY, 1.0),
        )
        stack.enter_context(_served(server))
        port = server.servers[0].sockets[0].getsockname()[1]
        opening = world.open(Listen(port=port, token=token))
        tell([f"opened with {opening.sent:,} events: {_outcomes(opening.outcomes)}"], out)
        begun = time.time()
        clock.run(begun)
        world.run(Run(begun=begun))
        seen = _watch(server, clock, world, out)
    tell(_verdict(seen, recorded), out)


class Listening(Server):
    """Tells when it listens."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Args: of a server."""
        super().__init__(*arguments, **options)
        self.listens = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self.listens.set()


@contextmanager
def _served(server: Listening) -> Iterator[None]:
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.listens.wait(0.1):
        if not thread.is_alive():
            raise ConfigurationError("demo: the scheduler did not start; see its log")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def _logs_in(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path)
    handler.setFormatter(JsonLines())
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()


def _watch(server: Server, clock: FastClock, world: World, out: Console) -> dict[str, Any]:
    """Show what happens until the days are over or a person has seen enough."""
    days: list[dict[str, Any]] = []
    found: dict[str, Any] = {}
    live = Live(console=out, auto_refresh=False) if out.is_terminal else None
    try:
        with live or ExitStack():
            while True:
                ended = world.ended
                made = server.metrics.plans_made()
                found = {**server.writer.submit(look).result(), "plans": sum(made.values()), "made": made}
                while world.days:
                    days.append(world.days.popleft())
                    if live is None:
                        tell([line_of(days[-1], found)], out)
                if live is not None:
                    live.update(drawn(server, clock.now(), found, world.told, days), refresh=True)
                if ended:
                    break
                time.sleep(REFRESH_SECONDS)
    except KeyboardInterrupt:
        tell(["ended by you"], out)
    if world.told.trouble:
        raise ConfigurationError(f"demo: {world.told.trouble}")
    return {**found, "days": days, "told": world.told, "position": server.writer.position}


def _verdict(seen: dict[str, Any], recorded: bool) -> list[str]:
    days, told = seen["days"], seen["told"]
    asked, lost = (sum(day[name] for day in days) for name in ("asked_units", "lost_units"))
    states = ", ".join(f"{count} {state}" for state, count in sorted(seen["states"].items()))
    lines = [
        f"{len(days)} days, {seen['position']:,} events in the log ({_outcomes(told.outcomes)}), "
        + (", ".join(f"{count} plans by the {who}" for who, count in seen["made"].items()) or "no plan"),
        f"releases: {states or 'none'}",
    ]
    if days:
        there, known = int(days[-1]["on_hand_units"]), sum(row["on hand"] for row in seen["nodes"])
        lines.append(f"at the end {there:,} units are on the shelves, and {known:,} in the mirror")
        usd = sum(day["usd"] for day in days) / len(days)
        whose = " (as recorded, by ordering up to the usual cover: nothing went out)" if recorded else ""
        lines.append(f"{usd:,.0f} USD a day, {lost / asked if asked else 0:.2%} of what was asked for was lost{whose}")
    return lines


def _outcomes(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(outcomes.items())) or "none sent"


def _record(
    path: Path, network: str, skus: int, demand: str | None, days: int, seed: int, disturbances: set[str]
) -> None:
    from entrepot.command_line.demo.disturbances import Disturbance
    from entrepot.command_line.demo.recording import record
    from entrepot.command_line.demo.twin_days import TwinDays

    played = TwinDays(
        network,
        skus=skus,
        days=days,
        seed=seed,
        disturbances={Disturbance(name) for name in disturbances},
        collect=None,
        demand=demand,
    )
    count = record(played, network, skus, path)
    tell([f"{path}: {days} days, {count:,} events, {path.stat().st_size:,} bytes"], console())


__all__ = ["app"]
