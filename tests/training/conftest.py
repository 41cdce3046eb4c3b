import pytest

from entrepot.envs.world import World
from tests.worlds.tiny import tiny_world


@pytest.fixture(scope="session")
def world() -> World:
    return tiny_world()
