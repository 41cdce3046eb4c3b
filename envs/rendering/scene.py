"""What a frame shows of a day: stock, what was shipped, and what could and couldn't be served."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import demand_rate
from entrepot.envs.snapshot import calendar
from entrepot.envs.twin import Flows, TwinParameters

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """One environment at the start of a day, with what the day before brought."""

    caption: str
    stock_days: dict[str, Floats]  # part of the stock → [N] days of the node's demand, all SKUs together
    shipped: Floats  # [L] units that departed on the day before
    served: Floats  # [N] units served at once for the markets whose first option the node is
    short: Floats  # [N] units that were not
    lacking: NDArray[np.int64]  # [N] SKUs that lacked

    @classmethod
    def of(
        cls,
        caption: str,
        parameters: TwinParameters,
        attributes: NetworkAttributes,
        snapshot: Snapshot,
        flows: Flows | None,
        environment: int = 0,
    ) -> Scene:
        """What is seen of a network.

        Args:
            caption: stands above the map.
            parameters: of the network.
            attributes: of the same network.
            snapshot: of the present.
            flows: of the day before; None if there was none.
            environment: which of the B.
        """
        rate = demand_rate(attributes, snapshot)[environment].sum(dim=-1)
        parts = {"on hand": snapshot.on_hand, "on the dock": snapshot.dock, "on the way": snapshot.in_transit}
        stock = {name: (units[environment].sum(dim=-1) / rate).cpu().numpy() for name, units in parts.items()}
        if flows is None:
            nothing = np.zeros(len(rate))
            return cls(caption, stock, np.zeros(parameters.lanes), nothing, nothing, nothing.astype(np.int64))
        home = parameters.market.direct_share
        demand = home @ flows.demand[environment]
        served = home @ (flows.served.sum(dim=0) - flows.served_backlog)[environment]
        short = (demand - served).clamp(min=0.0)
        return cls(
            caption,
            stock,
            flows.shipped[environment].sum(dim=-1).cpu().numpy(),
            served.sum(dim=-1).cpu().numpy(),
            short.sum(dim=-1).cpu().numpy(),
            (short > 0.5).sum(dim=-1).cpu().numpy(),
        )


def scene_of(world: BatchedWarehouseNetwork, environment: int) -> Scene:
    """The present of one of B environments.

    Raises:
        RuntimeError: there is no episode yet.
    """
    number = int(world.scenario.first_day[environment]) + world.warm_up_days + world.day
    last = world.transition
    usd = None if last is None else float(last.cost_by_agent[environment].sum())
    caption = captioned(world.description.title or world.description.name, number, world.day, world.episode_days, usd)
    flows = None if last is None else last.flows
    return Scene.of(caption, world.parameters, world.attributes, world.snapshot, flows, environment)


def captioned(title: str, number: int, day: int, days: int, usd: float | None) -> str:
    """A line that says where in the episode the picture is.

    Args:
        title: of the network.
        number: of the day, since 1970-01-01.
        day: of the episode.
        days: of the episode in all.
        usd: what the day before cost, if there was one.
    """
    caption = f"{title}: {calendar.iso(number)}, day {day} of {days}"
    return caption if usd is None else f"{caption}, {usd:,.0f} USD the day before"
