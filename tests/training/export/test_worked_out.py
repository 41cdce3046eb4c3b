"""The formula of covers inside a graph: what it says must be the same, whether goods perish or not."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.export import Dim

from entrepot.agents.neural.covers import WorkedOutCovers
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import LEAST_RATE, echelon_rate
from entrepot.envs.snapshot.schema import NETWORK_FIELDS, SNAPSHOT_FIELDS
from entrepot.envs.snapshot.season import SEASON_ENTRIES
from entrepot.training.export.graph import EXAMPLE_SIZES, PolicyGraph, _example, _shapes, as_tensors, inputs_of
from tests.agents.inference.cases import Case, snapshot_for
from tests.training.export.test_export import NETWORKS

ROWS = 3


class Formula(nn.Module):
    """Orders as many units as there are days of cover, and as many more as departures are hastened."""

    def __init__(self) -> None:
        super().__init__()
        self.covers = WorkedOutCovers()

    def forward(self, snapshot: Snapshot, attributes: NetworkAttributes) -> Decisions:
        mean, variance = (
            echelon_rate(attributes, figure.unsqueeze(0)).clamp(min=LEAST_RATE)
            for figure in (attributes.demand_mean, attributes.demand_deviation**2)
        )
        margin = attributes.margin_usd.mean(dim=0).expand_as(mean[0])
        told = self.covers(snapshot, attributes, mean, variance, margin)
        return Decisions((told.cover - told.sooner.unsqueeze(-1)) * torch.ones_like(snapshot.due))


@pytest.fixture(scope="module")
def traced() -> nn.Module:
    """As for ONNX, which takes most of an export's time and adds nothing of the formula's own."""
    graph = PolicyGraph(Formula()).eval()
    of_snapshot, of_network = inputs_of(graph.policy)
    axes = {name: Dim(name, min=SEASON_ENTRIES) if name == "W" else Dim(name) for name in EXAMPLE_SIZES}
    with torch.no_grad():
        program = torch.export.export(
            graph,
            (),
            {"snapshot": _example(of_snapshot, EXAMPLE_SIZES), "network": _example(of_network, EXAMPLE_SIZES)},
            dynamic_shapes={"snapshot": _shapes(of_snapshot, axes), "network": _shapes(of_network, axes)},
            strict=False,
        )
    return program.module()


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("perishes", [False, True])
def test_covers_in_a_graph_are_those_of_torch_on_any_network(
    traced: nn.Module, make: Callable[[], Case], perishes: bool
) -> None:
    case = make()
    life = np.random.default_rng(0).uniform(3, 30, case.attributes["lane_life_days"].shape) * perishes
    network = as_tensors({**case.attributes, "lane_life_days": life}, NETWORK_FIELDS)
    snapshot = as_tensors(snapshot_for(case, rows=ROWS, seed=1), SNAPSHOT_FIELDS)
    with torch.no_grad():
        expected = PolicyGraph(Formula())(snapshot, network)["orders"]
        orders = traced(snapshot=snapshot, network=network)["orders"]
    torch.testing.assert_close(orders, expected, rtol=1e-4, atol=1e-3)
    assert expected.max() > 1
