"""The small network, and settings that take no time."""

from pathlib import Path

import torch

from entrepot.configs.files import write_atomically
from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.observe.reading import EVERYTHING
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import stocked_state
from entrepot.envs.twin import Day, Scenario, State, draw_scenario
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.file import TunedRule, save_rule
from entrepot.training.experiment import BASE_STOCK_FILE, ExperimentSettings, WindowsSettings, compose_experiment
from entrepot.training.trainers.modules import neural_policy

WINDOWS = WindowsSettings(episodes=4, days=30, warm_up_days=10, advance_days=10, windows_per_segment=2)


def tiny_world(network: str = "two_warehouses", skus: int | None = None) -> World:
    return build_world(network, DemandSettings(), skus=skus)


def tiny_scenario(
    world: World, *, episodes: int = 3, days: int = 14, seed: int = 0, dtype: torch.dtype = torch.float32
) -> Scenario:
    return draw_scenario(
        world.network, world.demand, episodes=episodes, days=days, split=Split.TRAIN, seed=seed, dtype=dtype
    )


def first_snapshot(world: World, *, day: int = 0, episodes: int = 3) -> Snapshot:
    """Of a stocked network, on a day of a scenario whose episodes start on different weekdays."""
    opening = stocked_state(world.parameters, world.attributes, episodes=episodes)
    scenario = tiny_scenario(world, episodes=episodes)
    return shown(world, opening, scenario.at(day))


def shown(world: World, state: State, day: Day) -> Snapshot:
    """All that can be known of a state on the first day."""
    simulation = world.simulation()
    return simulation.observe(simulation.begin(state), day, EVERYTHING)


def tiny_overrides(folder: Path, *more: str) -> list[str]:
    return [
        "network=two_warehouses",
        f"folder={folder}",
        "run=tiny",
        "trainer.iterations=4",
        "validation.every=2",
        "validation.episodes=4",
        "validation.days=20",
        "evaluation.episodes=4",
        "evaluation.days=20",
        "evaluation.warm_up_days=10",
        "windows.episodes=4",
        "windows.days=30",
        "windows.warm_up_days=10",
        "windows.advance_days=10",
        "windows.windows_per_segment=2",
        "base_stock.iterations=2",
        "compute.threads=1",
        "compute.workers=1",
        *more,
    ]


def tiny_experiment(folder: Path, *more: str) -> ExperimentSettings:
    return compose_experiment(tiny_overrides(folder, *more))


def untrained_run(world: World, place: Path) -> Path:
    """A run's folder; every cover of its own is a day."""
    folder = place / "tiny"
    experiment = tiny_experiment(place)
    write_atomically(folder / "experiment.json", experiment.model_dump_json())
    module = neural_policy(experiment).state_dict()
    torch.save({"module": module, "cover_days": torch.ones(3, 4)}, folder / "policy.pt")
    save_rule(TunedRule.of_covers(torch.ones(3, 4), 5, 100, 1.5), world.network, folder / BASE_STOCK_FILE)
    return folder
