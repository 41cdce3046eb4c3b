"""The twin plays the world through the scheduler: what it costs beside the same module asked in the twin itself.

Events go through the store as they would over HTTP; at 02:00 the desk releases what departs, and the twin takes it from
the outbox. Beside it, on the same scenarios: the module in the twin, every lane every day, with no limits but the
twin's; and the scheduler's own rule in the twin (limits, whole units, only lanes that depart today). Both know of
demand and covers beforehand what the scheduler takes from the module. The twin knows everything there; the scheduler is
told true arrivals and all demand (`perfect`), or scheduled arrivals, sales and what was sold out (`as_live`). Without
`history` the demand is the generator's, for which the module was not trained.
"""

from __future__ import annotations

import hashlib
import logging
import math
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import time as Time
from datetime import timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from entrepot.agents.exported import ExportedPolicy
from entrepot.agents.inference import InferenceModule, Limits, load
from entrepot.command_line.demo.days import Said
from entrepot.command_line.demo.twin_days import WARM_UP_DAYS, Ordered, TwinDays
from entrepot.configs.files import write_atomically
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.network import load_network
from entrepot.envs.observe.arrays import snapshot_arrays
from entrepot.envs.observe.reading import Costly
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import base_cover_rule, stocked
from entrepot.envs.simulation import Lived, Present, Simulation
from entrepot.envs.snapshot.season import season_ahead
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import World, build_world
from entrepot.scheduler.clock import SimulatedClock
from entrepot.scheduler.decisions import kept
from entrepot.scheduler.decisions.desk import Desk
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.events.envelope import read
from entrepot.scheduler.metrics import Metrics
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.writer import Writer

NETWORK = "kreen"
DECIDED_AT = Time(2, 0)
PLAYED = 2
"""Raised whenever the same days come to other figures, so that what was kept before is played anew."""
INFORMATION = {
    "perfect": {"true_arrivals": True, "sees_lost": True},
    "as_live": {"true_arrivals": False, "sees_lost": False},
}
AT_ONCE = 2_000
"""Events of one request; an opening of many SKUs has more than may wait."""
Decide = Callable[[Snapshot, int], Decisions]


@dataclass(frozen=True)
class Played:
    """Days that were played."""

    usd: float
    asked: float
    lost: float
    plans: int = 0
    fallbacks: int = 0


def closed_loop(
    days: int,
    skus: int,
    seeds: int,
    history: Path | None = None,
    folder: Path | None = None,
    seconds: float = math.inf,
) -> list[dict[str, Any]]:
    """A row for each kind of information.

    Args:
        days: to play, after a warm-up.
        skus: of the network.
        seeds: how many scenarios.
        history: daily sales that the demand is drawn from; the generator's if None.
        folder: where what was played is kept, so that another run goes on with it.
        seconds: after so many no play of a scenario, of which each has four, is begun; rows are of whole scenarios.

    Raises:
        RuntimeError: not one scenario was whole in time.
    """
    begun = time.monotonic()
    demand = DemandSettings() if history is None else DemandSettings(path=str(history))
    logging.getLogger("entrepot").setLevel(logging.ERROR)  # alerts of a network that is played are no news
    module = load(Path(__file__).parents[1] / "checkpoints" / "released" / "kreen-pathwise")
    world = build_world(NETWORK, demand, skus=skus)
    plays: dict[str, Callable[[int], Played]] = {
        "trained": lambda seed: _in_the_twin(world, module, _as_evaluated(module, world), days, seed),
        "ruled": lambda seed: _in_the_twin(world, module, _as_released(module, world), days, seed),
    }
    for name, information in INFORMATION.items():
        plays[name] = partial(_through_the_scheduler, module, days, skus, information, demand)
    told = (PLAYED, str(history), days, skus, module.versions.manifest_digest)
    played: dict[str, list[Played]] = {name: [] for name in plays}
    for seed, (name, play) in product(range(seeds), plays.items()):
        if time.monotonic() - begun > seconds:
            break
        played[name].append(_kept(folder, (*told, name, seed), partial(play, seed)))
    seeds = min(len(found) for found in played.values())
    if not seeds:
        raise RuntimeError(f"closed_loop: no scenario was whole within {seconds} s; with --folder the next run goes on")
    played = {name: found[:seeds] for name, found in played.items()}
    trained, ruled, rows = played["trained"], played["ruled"], []
    for name in INFORMATION:
        found = played[name]
        ratio, low, high = _ratio(found, trained)
        own, own_low, own_high = _ratio(found, ruled)
        rows.append(
            {
                "case": "closed_loop",
                "demand": "generated" if history is None else history.name,
                "information": name,
                "days": days,
                "skus": skus,
                "scenarios": seeds,
                "cost_usd_per_day": sum(one.usd for one in found) / seeds / days,
                "cost_ratio": ratio,
                "cost_ratio_low": low,
                "cost_ratio_high": high,
                "own_rule_ratio": own,
                "own_rule_ratio_low": own_low,
                "own_rule_ratio_high": own_high,
                "lost_share": sum(one.lost for one in found) / sum(one.asked for one in found),
                "twin_lost_share": sum(one.lost for one in trained) / sum(one.asked for one in trained),
                "fallback_share": sum(one.fallbacks for one in found) / sum(one.plans for one in found),
            }
        )
    return rows


def _kept(folder: Path | None, key: tuple[Any, ...], play: Callable[[], Played]) -> Played:
    """What was played before, or else is now, and is kept for the next time."""
    if folder is None:
        return play()
    path = folder / f"{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.json"
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=Played)
    found = play()
    write_atomically(path, msgspec.json.encode(found))
    return found


def _ratio(found: list[Played], beside: list[Played], draws: int = 2000) -> tuple[float, float, float]:
    """Of sums of cost over the same scenarios, with a 95 % interval by drawing scenarios with replacement."""
    one, other = np.array([played.usd for played in found]), np.array([played.usd for played in beside])
    drawn = np.random.default_rng(0).integers(0, len(one), (draws, len(one)))
    ratios = one[drawn].sum(axis=1) / other[drawn].sum(axis=1)
    low, high = np.percentile(ratios, (2.5, 97.5))
    return float(one.sum() / other.sum()), float(low), float(high)


@torch.no_grad()
def _in_the_twin(world: World, module: InferenceModule, decide: Decide, days: int, seed: int) -> Played:
    """The warm-up is that of the world that plays for the scheduler, and is known as the scheduler knows it."""
    simulation = _known(module, world)
    scenario = draw_scenario(
        world.network, world.demand, episodes=1, days=WARM_UP_DAYS + days, split=Split.TEST, seed=seed
    )
    rule, first = base_cover_rule(world.attributes), int(scenario.first_day[0])
    opening = stocked(world.simulation(), episodes=1)
    square = torch.as_tensor(_of_skus(module, world, module.manifest.demand.demand_square), dtype=torch.float32)
    memory = replace(simulation.begin(opening.state).memory, demand_square=square.unsqueeze(0))

    def remember(lived: Lived) -> None:
        nonlocal memory
        memory = simulation.model.learn(memory, lived.state, lived.flows, lived.day)

    warm = world.simulation().run(opening, scenario, rule, days=WARM_UP_DAYS, watch=remember)
    present = Present(warm.state, memory)
    usd = asked = lost = 0.0
    for number in range(WARM_UP_DAYS, WARM_UP_DAYS + days):
        day = scenario.at(number)
        decisions = decide(simulation.observe(present, day, frozenset({Costly.PIPELINE})), first + number)
        present, flows, costs = simulation.live(present, decisions, day)
        usd += float(costs.total.sum())
        asked += float(flows.demand.sum())
        lost += float(flows.lost.sum())
    return Played(usd, asked, lost)


def _as_evaluated(module: InferenceModule, world: World) -> Decide:
    """The module with what it knows of demand and covers, every lane every day, and no limits but the twin's."""
    policy = ExportedPolicy(module, world.attributes)
    policy.network = _told(module, world)
    return lambda snapshot, day: policy.decide(snapshot)


def _told(module: InferenceModule, world: World) -> dict[str, Any]:
    """The network's attributes, with what the module knows of demand and covers, as the scheduler has them."""
    of_skus = ("demand_mean", "demand_deviation", "base_cover_days")
    told = {name: _of_skus(module, world, module.network[name]) for name in of_skus}
    return {**ExportedPolicy(module, world.attributes).network, **told}


def _known(module: InferenceModule, world: World) -> Simulation:
    """The twin observed by one who believed at first of demand what the module knows of it, as the scheduler does."""
    mean = torch.as_tensor(_of_skus(module, world, module.manifest.demand.demand_mean), dtype=torch.float32)
    attributes = replace(world.attributes, demand_mean=mean)
    return Simulation.of(world.simulation().parameters, attributes)


def _as_released(module: InferenceModule, world: World) -> Decide:
    """The module with what it knows of demand and covers, in whole units within limits, on lanes that depart today."""
    network, manifest, told = world.network, module.manifest, _told(module, world)
    least = np.concatenate([np.zeros(len(network.nodes)), network.supplier.minimum_order_units])
    limits = Limits(
        lane_m3=network.lane.capacity_m3_per_day,
        supplier_units=network.supplier.capacity_units_per_day,
        minimum_order_units=least[network.lane.origin],
    )

    def decide(snapshot: Snapshot, day: int) -> Decisions:
        arrays = dict(snapshot_arrays(snapshot))
        arrays["season_ahead"] = season_ahead(manifest.demand.month_index, np.array([day]), 1)[:, 0].astype(np.float32)
        decision = module.decide(
            arrays,
            told,
            age_seconds=0.0,
            lane_names=network.lanes,
            sku_names=network.skus,
            node_names=network.nodes,
            market_names=network.markets,
            limits=limits,
        )
        departs = network.lane.wait_days[(day + 3) % 7] == 0  # 1970-01-01 was a Thursday
        orders = (decision.orders + decision.held) * departs[None, :, None]
        return Decisions(torch.as_tensor(orders, dtype=torch.float32))

    return decide


def _of_skus(module: InferenceModule, world: World, values: Any) -> Any:
    """Of the world's SKUs, which are the module's first ones."""
    assert module.manifest.names.skus[: len(world.network.skus)] == world.network.skus
    return np.ascontiguousarray(np.asarray(values)[..., : len(world.network.skus)])


def _through_the_scheduler(
    module: InferenceModule, days: int, skus: int, information: dict[str, bool], demand: DemandSettings, seed: int
) -> Played:
    counts: Counter[str] = Counter()
    sent: list[Ordered] = []

    def collect() -> list[Ordered]:
        found = list(sent)
        sent.clear()
        return found

    twin = TwinDays(
        NETWORK, skus=skus, days=days, seed=seed, disturbances=set(), collect=collect, demand=demand, **information
    )
    clock, places = SimulatedClock(twin.start), Places.of(load_network(NETWORK, skus=skus))
    settings = Settings(mode="live", cut_off=DECIDED_AT, plan_every=timedelta(days=2), plan_on_alerts=False)
    usd = asked = lost = 0.0
    plans = fallbacks = 0
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(Path(folder), places, clock)
        desk = Desk(writer, module, settings, clock, Metrics())
        _tell(writer, twin.opening(), counts, twin.start.isoformat())
        for step in twin.steps():
            clock.set(step.due)
            told, figures = step.make()
            _tell(writer, told, counts, step.due.isoformat())
            if figures:
                usd, asked, lost = usd + figures["usd"], asked + figures["asked_units"], lost + figures["lost_units"]
                continue
            clock.set(step.due.replace(hour=DECIDED_AT.hour, minute=DECIDED_AT.minute))
            plan = desk.tick()
            if plan is None:
                raise RuntimeError(f"no plan: {desk.trouble}")
            plans, fallbacks = plans + 1, fallbacks + (plan.summary.source == "fallback")
            sent.extend(_handed_over(writer, clock))
        writer.close()
    return Played(usd, asked, lost, plans, fallbacks)


def _tell(writer: Writer, told: list[Said], counts: Counter[str], now: str) -> None:
    """As sources would over HTTP, each counting for itself, and each with a sign of life."""
    found = []
    for one in told:
        counts[one.source] += 1
        found.append(_envelope(one.source, counts[one.source], one.kind, one.time.isoformat(), one.data))
    for source in sorted(counts):
        counts[source] += 1
        found.append(_envelope(source, counts[source], "heartbeat", now, {"last_sequence": counts[source]}))
    events = read(msgspec.json.encode(found))
    parts = [events[first : first + AT_ONCE] for first in range(0, len(events), AT_ONCE)]
    wrong = [answer for part in parts for answer in writer.take(part).result() if answer.outcome != "accepted"]
    if wrong:
        raise RuntimeError(f"not accepted: {wrong[0]}")


def _envelope(source: str, sequence: int, kind: str, moment: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{source}-{sequence}",
        "source": source,
        "type": f"entrepot.{kind}.v1",
        "time": moment,
        "epoch": 1,
        "sequence": sequence,
        "data": data,
    }


def _handed_over(writer: Writer, clock: SimulatedClock) -> list[Ordered]:
    """What a person approves, as nobody is there to say no, and what is in the outbox."""

    def work(turn: Any) -> list[Ordered]:
        for one in kept.releases(turn.connection, 200):
            if one["state"] == "held":
                kept.approve(turn, one["key"], clock.now(), "closed loop")
        found = []
        for entry in kept.outbox(turn.connection, "waiting", 1000):
            order = msgspec.json.decode(entry["order"])
            found.append(Ordered(entry["key"], order["lane"], order["lines"]))
            kept.sent(turn, entry["key"], "closed loop")
        return found

    return writer.submit(work).result()
