"""Networks, snapshots and policies that the inference and export tests share."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from entrepot.agents.inference import Decision, InferenceModule
from entrepot.agents.inference.envelope import envelope_of
from entrepot.agents.inference.json_reader import MANIFEST
from entrepot.agents.inference.manifest import seal
from entrepot.agents.inference.order_up_to import demand_rate
from entrepot.agents.neural import NeuralPolicy, NeuralPolicySettings
from entrepot.envs.decisions import Decisions
from entrepot.envs.network import NetworkArrays, NetworkDescription, load_network
from entrepot.envs.network.description import (
    FulfilmentOption,
    Lane,
    LanePrice,
    Market,
    Mode,
    Node,
    Sku,
    Supplier,
    Transit,
    Weekday,
)
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import demand_rate as rate_of
from entrepot.envs.order_up_to import orders_from_cover
from entrepot.envs.snapshot.attributes import attribute_arrays
from entrepot.envs.snapshot.schema import SNAPSHOT_FIELDS
from entrepot.envs.snapshot.season import SEASON_ENTRIES
from entrepot.training.export import export_policy

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Case:
    """A network as every test needs it."""

    network: NetworkArrays
    demand: NDArray[np.float64]  # [M, S]
    attributes: Arrays

    @classmethod
    def of(cls, description: NetworkDescription, seed: int = 0, demand: NDArray[np.float64] | None = None) -> Case:
        """Of a network, on a demand [M, S] of its own unless one is given."""
        network = NetworkArrays.from_description(description)
        if demand is None:
            demand = np.random.default_rng(seed).gamma(0.8, 5.0, (len(network.markets), len(network.skus)))
        attributes = {name: np.asarray(values) for name, values in attribute_arrays(network, demand).items()}
        return cls(network, demand, attributes)


def kreen(skus: int = 6) -> Case:
    return Case.of(load_network("kreen", skus=skus))


def larger_kreen(skus: int = 7) -> Case:
    """One more SKU and one more lane."""
    description = load_network("kreen", skus=skus)
    lane = Lane(
        origin="hamburg", destination="vancouver", mode=Mode.AIR, transit=Transit(days=3), departures=list(Weekday)
    )
    return Case.of(description.model_copy(update={"lanes": [*description.lanes, lane]}))


def two_warehouses() -> Case:
    return Case.of(load_network("two_warehouses"))


def one_of_everything() -> Case:
    place: dict[str, Any] = {"country": "DE", "latitude": 53.5, "longitude": 10.0}
    lane = Lane(
        origin="maker",
        destination="shop",
        mode=Mode.TRUCK,
        transit=Transit(days=3, late_share=0.2, late_days=2.0),
        departures=[Weekday.MON, Weekday.THU],
        price=LanePrice(per_unit=0.5),
    )
    sku = Sku(unit_value_usd=5.0, price_usd=15.0, volume_m3=0.01, weight_kg=1.0, suppliers=["maker"])
    return Case.of(
        NetworkDescription(
            name="one",
            nodes={"shop": Node(**place, capacity_m3=50.0)},
            suppliers={"maker": Supplier(**place)},
            markets={"town": Market(country="DE", channel="shop", options=[FulfilmentOption(node="shop")])},
            lanes=[lane],
            skus={"thing": sku},
        )
    )


def snapshot_for(case: Case, rows: int = 2, seed: int = 0) -> Arrays:
    """Plausible snapshots: weeks of stock, shipments on the way, seasons, closed lanes and broken equipment."""
    rng = np.random.default_rng(seed)
    network = case.network
    demand = np.broadcast_to(case.demand, (rows, *case.demand.shape))
    rate = demand_rate(case.attributes, demand)
    weekday = rng.integers(0, 7, rows)
    values = {
        "on_hand": np.rint(rate * rng.uniform(0, 20, rate.shape)),
        "dock": np.rint(rate * rng.uniform(0, 2, rate.shape)),
        "pipeline": np.rint(rate[..., None] * (rng.random((*rate.shape, network.pipeline_days)) < 0.1)),
        "backlog": np.rint(demand * rng.uniform(0, 2, demand.shape)),
        "demand_fast": demand * rng.uniform(0.3, 2.0, demand.shape),
        "demand_slow": demand * rng.uniform(0.5, 1.5, demand.shape),
        "demand_quarter": demand * rng.uniform(0.7, 1.3, demand.shape),
        "demand_square": demand**2 * rng.uniform(1.0, 4.0, demand.shape),
        "season_ahead": rng.uniform(0.6, 1.6, (rows, SEASON_ENTRIES)),
        "day_of_year": rng.integers(0, 366, rows),
        "weekday": weekday,
        "lane_wait_days": network.lane.wait_days[weekday],
        "lane_open": rng.choice([1.0, 0.5], (rows, len(network.lanes))),
        "equipment": rng.uniform(0.7, 1.0, (rows, len(network.nodes))),
        "storage_price": network.node.storage_usd_per_m3_day[:, rng.integers(0, 12, rows)].T,
    }
    return {name: field.array(values[name]) for name, field in SNAPSHOT_FIELDS.items()}


def opinionated_policy(seed: int = 0, *, head: str = "cover") -> NeuralPolicy:
    """Random weights everywhere, so that it differs from the textbook cover that an untrained policy starts from."""
    torch.manual_seed(seed)
    policy = NeuralPolicy(NeuralPolicySettings(head=head))
    with torch.no_grad():
        for parameter in policy.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, std=0.3)
    return policy


class FixedCover(nn.Module):
    """The smallest policy there is: one cover for all."""

    def __init__(self, days: float) -> None:
        super().__init__()
        self.days = nn.Parameter(torch.tensor(days))

    def forward(self, snapshot: Snapshot, attributes: NetworkAttributes) -> Decisions:
        return Decisions(orders_from_cover(attributes, snapshot, self.days, rate_of(attributes, snapshot)))


def covers(case: Case) -> NDArray[np.float64]:
    rng = np.random.default_rng(1)
    return rng.uniform(5.0, 40.0, (len(case.network.lanes), len(case.network.skus)))


def export_case(case: Case, folder: Path, policy: nn.Module, **changes: Any) -> Path:
    golden = snapshot_for(case, rows=3, seed=11)
    seen = [snapshot_for(case, rows=8, seed=seed) for seed in range(4)]
    arguments: dict[str, Any] = {
        "folder": folder,
        "name": "kreen-test",
        "network_name": "kreen",
        "golden": golden,
        "envelope": envelope_of(case.attributes, [golden, *seen]),
        "fallback_cover": covers(case),
        "provenance": {"seeds": [0]},
        "metrics": [],
        **changes,
    }
    return export_policy(policy, case.network, case.demand, **arguments)


def decided(
    module: InferenceModule, snapshot: Mapping[str, Any], network: Mapping[str, Any] | None = None, **arguments: Any
) -> Decision:
    """A decision on a snapshot that is fresh unless the arguments say otherwise."""
    return module.decide(snapshot, network, **{"age_seconds": 1.0, **arguments})


def copy_of(folder: Path, place: Path) -> Path:
    return Path(shutil.copytree(folder, place / folder.parent.name / folder.name))


def reseal(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Alter a manifest as somebody would who knows how its digest is made."""
    content = json.loads((folder / MANIFEST).read_text())
    del content["digest"]
    change(content)
    (folder / MANIFEST).write_bytes(seal(content))


def with_value(snapshot: Mapping[str, NDArray[Any]], name: str, place: tuple[int, ...], value: float) -> Arrays:
    """The same snapshot with one value changed."""
    changed = np.array(snapshot[name])
    changed[place] = value
    return {**snapshot, name: changed}
