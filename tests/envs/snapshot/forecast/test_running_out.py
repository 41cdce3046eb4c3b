from __future__ import annotations

import numpy as np

from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.snapshot.forecast.running_out import chances_by, demand_at_nodes, running_out

NETWORK = NetworkArrays.from_description(load_network("two_warehouses", skus=3))


def snapshot(rate: float = 4.0) -> dict[str, np.ndarray]:
    shape = (1, len(NETWORK.markets), 3)
    level = np.full(shape, rate)
    return {
        **{f"demand_{name}": level for name in ("fast", "slow", "quarter")},
        "demand_square": level + level**2,
        "season_ahead": np.ones((1, 15)),
        "weekday": np.array([2]),
    }


def test_more_stock_is_less_likely_to_run_out_and_what_is_not_known_is_not_told() -> None:
    served = NETWORK.market.direct_share.sum(axis=1) > 0
    nodes = len(NETWORK.nodes)
    there = np.tile(np.array([0.0, 40.0, 400.0]), (1, nodes, 1))
    found = running_out(NETWORK, snapshot(), np.full(nodes, 9.5), there)
    chance = found.chance[0][served]
    assert (np.diff(chance, axis=1) < 0).all()
    assert (chance[:, 0] > 0.99).all()
    assert (chance[:, 2] < 0.01).all()
    assert (found.missing[0][served][:, 0] > 30).all()
    within, unknown = np.full(nodes, np.inf), there * np.nan
    assert not running_out(NETWORK, snapshot(), within, there).chance.any()
    assert not running_out(NETWORK, snapshot(), np.full(nodes, 9.5), unknown).chance.any()


def test_each_node_is_looked_at_over_its_own_time() -> None:
    nodes = len(NETWORK.nodes)
    there = np.full((1, nodes, 3), 30.0)
    days = np.arange(1.0, nodes + 1) * 5
    together = running_out(NETWORK, snapshot(), days, there)
    for node in range(nodes):
        alone = running_out(NETWORK, snapshot(), np.full(nodes, days[node]), there)
        assert np.array_equal(together.chance[:, node], alone.chance[:, node])


def test_what_runs_out_before_more_comes_has_run_out_by_then() -> None:
    known = demand_at_nodes(NETWORK, snapshot())
    cells = known.slow.shape
    there = np.stack([np.zeros(cells), np.full(cells, 1e6)])
    chance = chances_by(known, (3, 10), there)
    assert (chance[1] >= chance[0]).all()
    assert (chance[1][known.slow > 0] > 0.9).all()
