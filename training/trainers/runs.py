"""Training runs as they lie in their folders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from entrepot.agents.module_agent import ModuleAgent
from entrepot.configs.loader import ConfigurationError, validate
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.kept import BASE_STOCK_FILE
from entrepot.training.base_stock.tuning import names_in_base_stock
from entrepot.training.experiment import POLICY_FILE, SETTINGS_FILE, ExperimentSettings
from entrepot.training.trainers.modules import learned_module

DEMAND_TOLERANCE = 1e-3
"""Relative: two machines add up a history in their own orders, and figures are kept in single precision."""


@dataclass(frozen=True)
class Run:
    """A finished or running training run."""

    folder: Path
    experiment: ExperimentSettings
    module: nn.Module
    cover_days: Tensor  # [L, S] of the run's own network

    def fits(self, world: World) -> bool:
        """Whether the covers were learnt in a network of these lanes and SKUs, and on this demand."""
        path = self.folder / BASE_STOCK_FILE
        lanes_and_skus = list(world.network.lanes), list(world.network.skus)
        if not path.is_file() or names_in_base_stock(path) != lanes_and_skus:
            return False
        try:
            own = build_world(self.experiment.network, self.experiment.demand, skus=self.experiment.skus)
        except ConfigurationError:  # its history isn't here, so that nobody knows
            return False
        return same_demand(own.attributes.demand_mean, world)

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
        content = json.loads(settings.read_text(encoding="utf-8"))
        state = torch.load(weights, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise ConfigurationError(f"{folder}: can't be read: {error}") from error
    experiment = validate(ExperimentSettings, content, settings)
    module = learned_module(experiment)
    try:
        module.load_state_dict(state["module"])
        cover = torch.as_tensor(state["cover_days"])
    except (RuntimeError, TypeError, KeyError) as error:
        raise ConfigurationError(f"{weights}: does not fit the policy of {settings}: {error}") from error
    return Run(folder, experiment, module.eval(), cover)


def same_demand(mean: Tensor, world: World) -> bool:
    """Whether a long-run demand [M, S] in units a day is the world's, but for rounding."""
    here = world.attributes.demand_mean.cpu()
    return mean.shape == here.shape and torch.allclose(mean.to(here), here, rtol=DEMAND_TOLERANCE, atol=1e-6)
