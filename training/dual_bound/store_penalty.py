"""What plans of stores that stand alone are charged for knowing demand too early.

A unit that is sent is charged what it was expected to be worth on arrival less what it is then; a unit that is present,
what it was expected to be worth before the day's demand less what it is after. Given what is known when the units are
sent or present, each charge is 0 in expectation: that is taken over the chances of demand, exactly, and the worths are
functions of what is known of the path by then, whatever training scenarios they were worked out on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from entrepot.agents.planners.charges import Charges
from entrepot.agents.planners.doubles import doubles
from entrepot.agents.planners.hindsight import plan_each_sku
from entrepot.agents.planners.instance import Instance
from entrepot.agents.policy import Policy
from entrepot.envs.demand import Split
from entrepot.envs.demand.stationary import StationaryDemand
from entrepot.envs.twin import Scenario, draw_scenario
from entrepot.envs.world import World
from entrepot.training.dual_bound.path import Path
from entrepot.training.dual_bound.penalty import Penalty
from entrepot.training.dual_bound.store_worth import Fitted, Grid, Worths
from entrepot.training.dual_bound.stores import Floats, Store
from entrepot.training.evaluation.hindsight import instances_of
from entrepot.training.experiment import EvaluationSettings

SHARES = (0.998, 0.995, 0.99, 0.98, 0.95, 0.9, 0.75, 0.5, 0.0)
"""Of the charges that are tried; 0 is hindsight."""
TRIED_ON = 12
"""Training scenarios that the share is chosen on."""
MOST_OF_PATH = 2.0
"""Plans may have so many times what the path has at most: by what a fit leaves over they would gain without end."""
LEARNING_SEED = 17


@dataclass(frozen=True)
class Learnt:
    """Worths of every SKU of every store, from training scenarios; and how much of the charges is taken."""

    worths: dict[tuple[int, int], tuple[Grid, Fitted]]  # by node and SKU
    share: float
    episodes: int
    most_left: Floats  # [N, S] units that a plan may have

    @classmethod
    def along(cls, world: World, policy: Policy, settings: EvaluationSettings, *, episodes: int) -> Self:
        """Of a policy's path on training scenarios as long as those that are judged.

        Args:
            world: whose stores stand alone.
            policy: whose path it is; remembers nothing itself.
            settings: of the evaluation.
            episodes: training scenarios.
        """
        settings = settings.model_copy(update={"episodes": episodes, "seed": LEARNING_SEED})
        days = settings.warm_up_days + settings.days
        scenario = draw_scenario(
            world.network, world.demand, episodes=episodes, days=days, split=Split.TRAIN, seed=settings.seed
        )
        instances = list(instances_of(world, scenario, settings))
        path = Path.of(world.simulation(whole_units=False), scenario, policy, warm_up_days=settings.warm_up_days)
        network = instances[0].network
        most_left = np.zeros(instances[0].restocked.shape[1:])
        worths: dict[tuple[int, int], tuple[Grid, Fitted]] = {}
        charged = [_Charged.none(instance, path, place) for place, instance in enumerate(instances[:TRIED_ON])]
        for node in range(len(network.capacity_m3)):
            for sku in range(instances[0].skus):
                store = Store.along(path, instances, node, sku)
                found = Worths(store, Grid.over(store), _chances(world, instances[0], node, store.present))
                most_left[node, sku] = MOST_OF_PATH * store.present.max()
                worths[node, sku] = found.grid, found.fitted
                for place, each in enumerate(charged):
                    each.add(instances[place], found, place, node, sku)
        penalties = [each.penalty() for each in charged]
        share = best_share(instances[:TRIED_ON], penalties, SHARES, most_left)
        return cls(worths, share, episodes, most_left)

    def penalties(
        self, world: World, policy: Policy, scenario: Scenario, instances: Sequence[Instance]
    ) -> list[Penalty]:
        """Of each of E episodes.

        Args:
            world: the same.
            policy: the same.
            scenario: warm-up days, then T.
            instances: [E] the T days of each episode.
        """
        warm_up_days = scenario.days - instances[0].periods
        path = Path.of(world.simulation(whole_units=False), scenario, policy, warm_up_days=warm_up_days)
        charged = [_Charged.none(instance, path, place) for place, instance in enumerate(instances)]
        for (node, sku), (grid, fitted) in self.worths.items():
            store = Store.along(path, instances, node, sku)
            chances = _chances(world, instances[0], node, store.present)
            found = Worths(store, grid, chances, fitted, fits=False)
            for place, each in enumerate(charged):
                each.add(instances[place], found, place, node, sku)
        return [of_share(each.penalty(), self.share) for each in charged]


def _chances(world: World, instance: Instance, node: int, present: Floats) -> Floats:
    (market,) = np.flatnonzero(instance.network.option_group[0, node])
    demand = world.demand
    assert isinstance(demand, StationaryDemand)
    chances = demand.chances(int(market), int(np.ceil(present.max())) + 3)
    assert chances is not None
    return chances


def of_share(penalty: Penalty, share: float) -> Penalty:
    """As valid a penalty, where the share was settled before."""
    return replace(penalty, charges=penalty.charges.times(share))


def best_share(
    instances: Sequence[Instance],
    penalties: Sequence[Penalty],
    shares: Sequence[float],
    most_left: Floats | None = None,
) -> float:
    """That with which the plans cost most on average.

    Args:
        instances: training scenarios.
        penalties: of each.
        shares: that are tried.
        most_left: as for `plan_each_sku`.
    """

    def bound(share: float) -> float:
        usd = []
        for instance, penalty in zip(instances, penalties, strict=True):
            charged = of_share(penalty, share)
            plan = plan_each_sku(instance, charged.charges, most_left=most_left)
            usd.append(plan.usd - charged.on_path_usd)
        return float(np.mean(usd))

    return max(shares, key=bound)


@dataclass(frozen=True)
class _Charged:
    """One episode's charges, and where the path's units are, in the same places."""

    charges: Charges
    units: Charges

    @classmethod
    def none(cls, instance: Instance, path: Path, episode: int) -> Self:
        shape = instance.restocked.shape  # [T, N, S]
        begun = path.presents[0].state
        ring = doubles(begun.pipeline_by_days()[episode].permute(2, 0, 1))
        arriving = np.zeros(shape)
        arriving[: len(ring)] = ring[: len(arriving)]
        later = [present.state for present in path.presents[1:]]
        ended = np.zeros((1, *shape[1:]))  # after the last day nothing is charged
        on_hand, dock = (
            np.concatenate([np.stack([doubles(getattr(state, name)[episode]) for state in later]), ended])
            for name in ("on_hand", "dock")
        )
        units = Charges(
            doubles(path.shipped[episode]),
            on_hand,
            dock,
            doubles(begun.on_hand[episode]),
            doubles(begun.dock[episode]),
            arriving,
        )
        return cls(units.times(0.0), units)

    def add(self, instance: Instance, worths: Worths, place: int, node: int, sku: int) -> None:
        """Charges of one SKU in one store."""
        stock, on_its_way = worths.stock[place], worths.on_its_way[place]
        charges, days = self.charges, len(stock)
        for left in (charges.on_hand, charges.dock):
            left[:-1, node, sku] = stock[1:]
        charges.opening_on_hand[node, sku] = charges.opening_dock[node, sku] = stock[0]
        charges.opening_arriving[:, node, sku] = stock + on_its_way[0]
        day, lane = np.nonzero((instance.arrival < days) & (instance.network.lane_destination == node))
        arrival = instance.arrival[day, lane]
        charges.ship[day, lane, sku] = stock[arrival] + on_its_way[day, arrival]

    def penalty(self) -> Penalty:
        """Both."""
        return Penalty(self.charges, self.units)
