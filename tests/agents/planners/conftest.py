import pytest

from entrepot.agents.planners.forecast import Forecaster
from entrepot.envs.world import World
from tests.worlds.tiny import tiny_world


@pytest.fixture(scope="package")
def world() -> World:
    return tiny_world()


@pytest.fixture(scope="package")
def forecaster(world: World) -> Forecaster:
    return Forecaster.fit(world.network, world.attributes, world.demand, episodes=400)
