"""The RLModule: an actor's means under a Gaussian, and a critic's values."""

from __future__ import annotations

import math
from typing import Any

import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis.inference_only_api import InferenceOnlyAPI
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor, nn

from entrepot.agents.maintenance import MaintenanceHead
from entrepot.agents.mlp import OwnLanes
from entrepot.configs.loader import validate
from entrepot.training.experiment import PolicySettings
from entrepot.training.rllib.actors import ENVIRONMENT_HEAD, actor_named
from entrepot.training.rllib.critics import critic_named
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.rllib.worlds import world_of


class WarehouseModule(TorchRLModule, InferenceOnlyAPI, ValueFunctionAPI):  # type: ignore[misc]
    """The policy of one agent or of all.

    Its `model_config` holds `world` (from `describe_world`), `trainer` (`PpoSettings`) and `policy` (`PolicySettings`)
    as plain values. An action is a vector of K lanes × S SKUs, logarithms of cover over base cover. Cells that can't
    order today, because the lane doesn't depart, can't carry the SKU or isn't there, have a standard normal that
    learning never touches: they cancel out of every likelihood ratio. Where maintenance is learnt, an action ends with
    one number for each of the agent's units of equipment, from 0 up: maintain; units that are being mended are treated
    like lanes that don't depart.
    """

    def setup(self) -> None:
        """Build actor and critic."""
        settings = validate(PpoSettings, self.model_config["trainer"], "trainer")
        policy = validate(PolicySettings, self.model_config["policy"], "policy")
        world = world_of(self.model_config["world"])
        self.actor = actor_named(settings.actor)(world, settings, policy.neural(head=ENVIRONMENT_HEAD))
        self.log_deviation = nn.Parameter(torch.tensor(math.log(settings.exploration_deviation)))
        if settings.maintenance:
            self.upkeep = MaintenanceHead()
            self.log_deviation_of_units = nn.Parameter(torch.tensor(math.log(settings.maintenance_deviation)))
        self._maintains = settings.maintenance
        self.critic = critic_named(settings.critic)(world, settings)
        carried = OwnLanes.of(world.network).gather(world.attributes.lane_carries) > 0.5
        self.register_buffer("carried", carried, persistent=False)

    def get_non_inference_attributes(self) -> list[str]:
        """What runners do without."""
        return ["critic"]

    def compute_values(self, batch: dict[str, Any], embeddings: Any = None) -> Tensor:
        """[R] values of R agents' observations."""
        values: Tensor = self.critic(batch[Columns.OBS])
        return values

    def _forward(self, batch: dict[str, Any], **_: Any) -> dict[str, Any]:
        seen = batch[Columns.OBS]
        mean = self.actor(seen)
        decides = (seen["departs"].unsqueeze(-1) > 0.5) & self.carried[seen["agent"]]
        means, log_deviations = [torch.where(decides, mean, 0.0)], [torch.where(decides, self.log_deviation, 0.0)]
        if self._maintains:
            works = seen["works"] > 0.5
            means.append(torch.where(works, self.upkeep(seen["units"]), 0.0))
            log_deviations.append(torch.where(works, self.log_deviation_of_units, 0.0))
        inputs = [part.flatten(1) for part in (*means, *log_deviations)]
        return {Columns.ACTION_DIST_INPUTS: torch.cat(inputs, dim=1)}
