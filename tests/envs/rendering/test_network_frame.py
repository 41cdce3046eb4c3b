import numpy as np
import pytest
import torch

from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.network import load_network
from entrepot.envs.rendering.network_frame import SHORT, NetworkWindow, network_frame
from entrepot.envs.world import build_world
from tests.poisson_demand import PoissonDemand


def world_after(days: int, cover_days: float, network: str = "two_warehouses") -> BatchedWarehouseNetwork:
    description = load_network(network, skus=3)
    world = BatchedWarehouseNetwork(
        build_world(description, PoissonDemand.of(description)), environments=2, episode_days=80, seed=1
    )
    world.reset()
    for _ in range(days):
        world.step(torch.full((2, world.parameters.lanes, 3), cover_days))
    return world


def pixels_of(frame: np.ndarray, colour: str) -> int:
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return int((frame == wanted).all(axis=2).sum())


@pytest.mark.parametrize("network", ["two_warehouses", "kreen"])
def test_a_frame_is_a_picture_with_something_on_it(network: str) -> None:
    frame = network_frame(world_after(3, 40.0, network))
    assert frame.dtype == np.uint8
    assert frame.ndim == 3
    assert frame.shape[1] >= 1000
    assert frame.shape[2] == 3
    assert len(np.unique(frame.reshape(-1, 3), axis=0)) > 50


def test_an_episode_can_be_drawn_before_its_first_step() -> None:
    assert network_frame(world_after(0, 0.0)).std() > 0


def test_stock_outs_are_red() -> None:
    well_stocked, empty = network_frame(world_after(3, 60.0)), network_frame(world_after(70, 0.0))
    assert pixels_of(empty, SHORT) > 20 * pixels_of(well_stocked, SHORT)


def test_environments_of_a_batch_have_frames_of_their_own() -> None:
    world = world_after(20, 20.0)
    assert not np.array_equal(network_frame(world, 0), network_frame(world, 1))


def test_without_a_screen_a_window_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    world, window = world_after(1, 20.0), NetworkWindow()
    window.show(world)
    window.show(world)
    window.close()
    assert len([record for record in caplog.records if "no screen" in record.message]) == 1
