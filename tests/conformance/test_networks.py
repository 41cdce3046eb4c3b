"""Every network that ships, whichever it is; a new one is tried by being put among the others."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from entrepot.configs.loader import available
from entrepot.envs.demand import load_demand
from entrepot.envs.network import NetworkArrays, NetworkDescription, load_network
from entrepot.envs.network.feasibility import warnings_of
from entrepot.envs.opening import base_cover_rule, stocked
from entrepot.envs.simulation import Lived
from entrepot.envs.world import World
from tests.command_line.conftest import Entrepot
from tests.worlds.tiny import tiny_scenario

DAYS = 30
SKUS = 3
TEN_A_DAY = {"kind": "stationary", "every_market": {"distribution": "poisson", "mean": 10}}
every_network = pytest.mark.parametrize("name", available("network"))


@cache
def few_skus(name: str) -> NetworkDescription:
    """With a few of its catalogue's SKUs, or with those that it lists."""
    network = load_network(name)
    return network if network.catalogue is None else load_network(name, skus=SKUS)


@every_network
def test_it_compiles_to_arrays_by_its_own_names(name: str) -> None:
    network = load_network(name)
    arrays = NetworkArrays.from_description(network)
    assert (list(arrays.nodes), list(arrays.suppliers)) == (list(network.nodes), list(network.suppliers))
    assert list(arrays.markets) == list(network.markets)
    assert list(arrays.lanes) == [lane.name for lane in network.lanes]
    assert len(arrays.skus) == (len(network.skus or ()) or (network.catalogue.count if network.catalogue else 0))


@every_network
def test_nothing_about_it_is_warned_of(name: str) -> None:
    network = load_network(name)
    assert warnings_of(network, NetworkArrays.from_description(network)) == []


@every_network
def test_a_month_of_base_stock_conserves_every_unit_and_leaves_nothing_negative(name: str) -> None:
    network = few_skus(name)
    demand = load_demand(TEN_A_DAY, NetworkArrays.from_description(network), source="tests")
    world = World.of(network, demand, dtype=torch.float64)
    simulation = world.simulation()
    scenario = tiny_scenario(world, episodes=2, days=DAYS, dtype=torch.float64)
    lived: list[Lived] = []
    stock = stocked(simulation, episodes=2).state
    opening = simulation.begin(replace(stock, on_hand=torch.floor(0.2 * stock.on_hand)))  # so that it is ordered anew
    before = opening.state.on_hand + opening.state.dock + opening.state.in_transit
    after = simulation.run(opening, scenario, base_cover_rule(world.attributes), watch=lived.append).state
    flows = [day.flows for day in lived]
    produced = sum(flow.shipped[:, world.parameters.supplier.lanes].sum(dim=1) for flow in flows)
    sold = sum(flow.served.sum(dim=(0, 2)) for flow in flows)
    back = sum(flow.restocked.sum(dim=1) for flow in flows)
    held = after.on_hand + after.dock + after.in_transit
    lost = [units for flow in flows for units in (flow.removed, flow.expired) if units is not None]
    gone = sum((units.sum(dim=1) for units in lost), torch.zeros_like(held[:, 0]))
    for errors in (flow.records for flow in flows if flow.records is not None):
        mispicked = errors.lost_by_mispicks - errors.kept_by_mispicks  # of one SKU more leaves, of another less
        gone = gone + (errors.shrunk + mispicked).sum(dim=1)
    exact = 1e-9 if network.divisible else 0.0
    torch.testing.assert_close(
        held.sum(dim=1), before.sum(dim=1) + produced + back - sold - gone, rtol=exact, atol=exact
    )
    assert (held >= 0).all()
    assert all((day.costs.total >= 0).all() and day.costs.total.isfinite().all() for day in lived)
    assert (torch.as_tensor(sold) > 0).all()
    assert (torch.as_tensor(produced) > 0).any()


@every_network
def test_show_tells_every_lane_in_text_and_in_json(name: str, entrepot: Entrepot, tmp_path: Path) -> None:
    result = entrepot("network", "show", name, "--no-map", "--json", "network.json")
    assert result.exit_code == 0, result.stderr
    content = json.loads((tmp_path / "network.json").read_text(encoding="utf-8"))
    network = load_network(name)
    shown = [(row["lane"], row["mode"]) for row in content["rows"]]
    assert shown == [(f"{lane.origin} → {lane.destination}", lane.mode.value) for lane in network.lanes]
    assert [row["node"] for row in content["nodes"]] == list(network.nodes)
    assert all(np.isfinite(row["lead_days"]) for row in content["rows"])
