import pytest
import torch

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.interfaces.central_planner import CentralPlanner
from entrepot.envs.network import load_network
from entrepot.envs.warehouse_network_v0 import parallel_env
from entrepot.envs.world import World, build_world
from tests.poisson_demand import PoissonDemand


def poisson_world(skus: int = 3) -> World:
    description = load_network("two_warehouses", skus=skus)
    return build_world(description, PoissonDemand.of(description))


def test_environments_have_the_covers_of_the_world_they_are_made_of() -> None:
    textbook = poisson_world()
    world = textbook.starting_from(2 * textbook.attributes.base_cover_days)
    views = (CentralPlanner(world).batched, parallel_env(world).batched, BatchedWarehouseNetwork(world))
    for batched in views:
        assert batched.world is world
        assert torch.equal(batched.attributes.base_cover_days, 2 * textbook.attributes.base_cover_days)


def test_a_name_and_what_it_names_give_the_same_world() -> None:
    by_name = build_world("two_warehouses", "calibrated", skus=3)
    described = build_world(load_network("two_warehouses", skus=3), DemandSettings())
    assert by_name.description == described.description
    assert torch.equal(by_name.attributes.demand_mean, described.attributes.demand_mean)
    assert torch.equal(by_name.attributes.demand_deviation, described.attributes.demand_deviation)


def test_everything_but_indices_has_the_precision_asked_for() -> None:
    description = load_network("two_warehouses", skus=3)
    world = build_world(description, PoissonDemand.of(description), dtype=torch.float64)
    assert world.parameters.dtype == world.attributes.demand_mean.dtype == torch.float64


def test_skus_are_chosen_only_where_a_catalogue_is_loaded() -> None:
    with pytest.raises(ConfigurationError, match="skus: 5; allowed only where the network is a name or a path"):
        build_world(load_network("two_warehouses", skus=3), skus=5)
    with pytest.raises(ConfigurationError, match="skus: 5; allowed only where the network is a name or a path"):
        build_world(poisson_world(), skus=5)


def test_a_world_has_a_demand_of_its_own() -> None:
    with pytest.raises(ConfigurationError, match="demand: allowed only where the network is not a world"):
        build_world(poisson_world(), "calibrated")


def test_demand_made_for_another_network_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="demand: made for 8 markets and 3 SKUs"):
        build_world("two_warehouses", PoissonDemand(markets=8, skus=3))
