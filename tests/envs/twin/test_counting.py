"""Which cells are counted, found among few, against the rule worked out for all of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.twin import TwinParameters
from entrepot.envs.twin.counting import LEAST_UNITS, suspicious
from entrepot.envs.twin.serving import Served

EPISODES, SKUS = 40, 3


def doubted_or_failed(
    parameters: TwinParameters, served: Served, recorded: Tensor, wanted: Tensor, doubt: Tensor
) -> Tensor:
    """[N, B, S] by the rule itself, over all cells, ranks and markets."""
    assert parameters.records is not None
    unmet = (wanted - parameters.option.in_ranks(served.by_option).cumsum(dim=0)).clamp(min=0.0)
    at_node = torch.einsum("rnm,rmbs->nbs", parameters.option.at_node, unmet)
    failed = (served.on_hand <= LEAST_UNITS) & (at_node > LEAST_UNITS)
    return (failed | (doubt >= parameters.records.suspicious_sales)) & (recorded > LEAST_UNITS)


@pytest.mark.parametrize("seed", range(4))
def test_suspicion_counts_cells_that_failed_a_pick_or_were_quiet_for_too_long(seed: int) -> None:
    network = NetworkArrays.from_description(load_network("kreen_records", skus=SKUS))
    parameters = TwinParameters.from_arrays(network)
    generator = torch.Generator().manual_seed(seed)

    def units(rows: int, most: int) -> Tensor:
        return torch.randint(0, most, (rows, EPISODES, SKUS), generator=generator).float()

    option, nodes, markets = parameters.option, parameters.nodes, parameters.markets
    by_option = units(len(option.existing), 3)
    served = Served(
        on_hand=units(nodes, 3),
        by_option=by_option,
        of_all_skus=by_option.sum(dim=-1),
        by_market=option.by_market(by_option),
        of_backlog=units(markets, 1),
        backlog=units(markets, 1),
        lost=units(markets, 1),
    )
    recorded, wanted, quiet = units(nodes, 3), units(markets, 6), units(nodes, 30)
    rate = torch.rand((nodes, EPISODES, SKUS), generator=generator) / 4
    cells = suspicious(parameters, served, recorded, wanted, rate=rate, quiet=quiet)
    expected = doubted_or_failed(parameters, served, recorded, wanted, quiet * rate)
    assert torch.equal(cells.sort().values, expected.flatten().nonzero()[:, 0])
    assert 0 < len(cells) < expected.numel()


def test_options_stand_in_their_ranks_and_nothing_where_there_is_none() -> None:
    parameters = TwinParameters.from_arrays(NetworkArrays.from_description(load_network("kreen", skus=1)))
    option = parameters.option
    units = torch.arange(1.0, len(option.existing) + 1).view(-1, 1, 1)
    placed = option.in_ranks(units).flatten()
    assert torch.equal(placed[option.existing], units.flatten())
    assert placed.count_nonzero() == len(option.existing) < placed.numel()
