"""Training runs as they lie in their folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from entrepot.agents.module_agent import ModuleAgent
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network.names import places
from entrepot.envs.world import World
from entrepot.training.base_stock.file import RuleFile
from entrepot.training.experiment import (
    BASE_STOCK_FILE,
    POLICY_FILE,
    SETTINGS_FILE,
    ExperimentSettings,
    read_experiment,
)
from entrepot.training.trainers.registry import learned_module
from entrepot.training.world import world_of

DEMAND_TOLERANCE = 1e-3
"""Relative: two machines add up a history in their own orders, and figures are kept in single precision."""


@dataclass(frozen=True)
class Run:
    """A finished or running training run."""

    folder: Path
    experiment: ExperimentSettings
    module: nn.Module
    cover_days: Tensor  # [L, S] of the run's own network

    def cover_in(self, world: World) -> Tensor | None:
        """Covers [L, S] in the world's order; None if they were learnt for other lanes or SKUs or on another demand."""
        path = self.folder / BASE_STOCK_FILE
        if not path.is_file():
            return None
        tuned = RuleFile.read(path)
        try:
            own = world_of(self.experiment)
        except ConfigurationError:  # its history isn't here, so that nobody knows
            return None
        if (tuned.lanes, tuned.skus) != (list(own.network.lanes), list(own.network.skus)):
            return None  # the network's file was changed since
        return kept_cover(self.cover_days, own.attributes.demand_mean, own.network, world)

    def agent(self, world: World) -> ModuleAgent:
        """The run's policy at work in a world, which need not be the one it learnt in.

        Raises:
            ConfigurationError: the policy is bound to the network it learnt in, and this is another.
        """
        lanes, skus = getattr(self.module, "lane_names", None), getattr(self.module, "sku_names", None)
        if lanes is not None and (lanes, skus) != (tuple(world.network.lanes), tuple(world.network.skus)):
            raise ConfigurationError(
                f"{self.folder}: a perceptron decides for the network it was trained on, {self.experiment.network} "
                f"with {len(skus or ())} SKUs; found {world.description.name} with {len(world.network.skus)}"
            )
        units = getattr(self.module, "fixed_sizes", {}).get("U", 0)
        if units and units != len(world.network.unit_agent):
            raise ConfigurationError(
                f"{self.folder}: a perceptron that maintains {units} units of equipment; found "
                f"{world.description.name} with {len(world.network.unit_agent)} that wear"
            )
        return ModuleAgent(self.module.to(world.parameters.device), world.attributes)


def load_run(folder: Path) -> Run:
    """Read a run's settings and its best policy.

    Raises:
        ConfigurationError: the folder holds no run, or its policy can't be read.
    """
    settings, weights = folder / SETTINGS_FILE, folder / POLICY_FILE
    if not settings.is_file() or not weights.is_file():
        raise ConfigurationError(
            f"{folder}: no run here; expected experiment.json and policy.pt, as `train` leaves them"
        )
    try:
        state = torch.load(weights, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise ConfigurationError(f"{weights}: can't be read: {error}") from error
    experiment = read_experiment(settings)
    module = learned_module(experiment)
    try:
        module.load_state_dict(state["module"])
        cover = torch.as_tensor(state["cover_days"])
    except (RuntimeError, TypeError, KeyError) as error:
        raise ConfigurationError(f"{weights}: does not fit the policy of {settings}: {error}") from error
    return Run(folder, experiment, module.eval(), cover)


class Named(Protocol):
    """Whose covers and demand these are: a network, or the names in a module's manifest."""

    @property
    def markets(self) -> tuple[str, ...]:
        """M names."""

    @property
    def lanes(self) -> tuple[str, ...]:
        """L names."""

    @property
    def skus(self) -> tuple[str, ...]:
        """S names."""


def kept_cover(cover: Tensor, demand_mean: Tensor, names: Named, world: World) -> Tensor | None:
    """Covers that were learnt elsewhere, joined by name to a world of the same lanes, SKUs and demand.

    Args:
        cover: [L, S] days, in the order of the names.
        demand_mean: [M, S] units a day, in the order of the names, on which they were learnt.
        names: of markets, lanes and SKUs.
        world: in whose order they are wanted.

    Returns:
        [L, S] in the world's order; None if it has other lanes, SKUs or markets, or another demand, but for rounding.
    """
    markets = places(names.markets, world.network.markets)
    lanes, skus = places(names.lanes, world.network.lanes), places(names.skus, world.network.skus)
    if markets is None or lanes is None or skus is None:
        return None
    here = world.attributes.demand_mean.cpu()
    mean = demand_mean.to(here)[markets][:, skus]
    if not torch.allclose(mean, here, rtol=DEMAND_TOLERANCE, atol=1e-6):
        return None
    return cover[lanes][:, skus]
