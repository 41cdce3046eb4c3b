"""What (agent, SKU) cells are worth: one small network for every (node, SKU), added up over an agent's nodes."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from entrepot.agents.neural.features import CELL_FEATURES, DAY_FEATURES, NODE_FEATURES
from entrepot.envs.order_up_to import LEAST_RATE, echelon_rate
from entrepot.envs.world import World
from entrepot.training.cells.reading import Reading

WIDTH = 32
LEAST_SHARE = 0.01
"""Of the mean cell's margin: a SKU that hardly sells is valued as if it sold so much."""


class CellCritic(nn.Module):
    """Minus the discounted cost of each (agent, SKU), times 1 − γ: USD a day.

    With `central`, cells see what all nodes see, as MAPPO's critic does; else what their own node sees, as IPPO's.
    Everything is told in shares of the margin that passes through the cell a day, so that dear and cheap SKUs look
    alike.
    """

    def __init__(self, world: World, agent_of_node: Tensor, *, central: bool) -> None:
        """Args: the world; [N, A] 1 where the agent orders for the node; whether cells see beyond their node."""
        super().__init__()
        self._central = central
        self.cell = nn.Linear(CELL_FEATURES, WIDTH)
        self.node = nn.Linear(NODE_FEATURES, WIDTH, bias=False)
        self.day = nn.Linear(DAY_FEATURES, WIDTH, bias=False)
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.from_node = nn.Linear(WIDTH, WIDTH, bias=False)
        if central:
            self.from_sku = nn.Linear(WIDTH, WIDTH, bias=False)
        self.value = nn.Linear(WIDTH, 1)
        self.register_buffer("scale_usd", margin_through(world), persistent=False)  # [N, S]
        self.register_buffer("agent_of_node", agent_of_node, persistent=False)
        with torch.no_grad():
            self.value.weight.mul_(0.1)
            self.value.bias.fill_(-0.1)

    def forward(self, reading: Reading) -> Tensor:
        """[M, A, S] USD a day."""
        first = self.cell(reading.cells) + (self.node(reading.nodes) + self.day(reading.day).unsqueeze(1)).unsqueeze(2)
        cells = functional.relu(first)
        mixed = self.mix(cells) + self.from_node(cells.mean(dim=2, keepdim=True))
        if self._central:
            mixed = mixed + self.from_sku(cells.mean(dim=1, keepdim=True))
        by_node = self.value(functional.relu(mixed)).squeeze(-1) * self.scale_usd
        return torch.einsum("mns,na->mas", by_node, self.agent_of_node)

    @property
    def cell_scale_usd(self) -> Tensor:
        """[A, S] the margin that passes through each agent's nodes a day."""
        return torch.einsum("ns,na->as", self.scale_usd, self.agent_of_node)


def margin_through(world: World) -> Tensor:
    """[N, S] USD of margin that pass through each node a day in the long run."""
    attributes = world.attributes
    mean = echelon_rate(attributes, attributes.demand_mean.unsqueeze(0))[0].clamp(min=LEAST_RATE)
    earned = echelon_rate(attributes, (attributes.demand_mean * attributes.margin_usd).unsqueeze(0))[0]
    usd = torch.maximum(earned, LEAST_RATE * attributes.margin_usd.mean(dim=0).expand_as(mean))
    return usd.clamp(min=LEAST_SHARE * float(usd.mean()))
