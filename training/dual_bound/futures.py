"""Other futures that could follow what has happened so far, beside the one that does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.demand import Split
from entrepot.envs.demand.model import ContinuedDemand, DemandModel
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.disruption.event import EventArrays
from entrepot.envs.twin import Scenario
from entrepot.envs.twin.scenario.streams import Streams


class Futures:
    """Demand as it could go on from any day of a scenario, given all that is known of it by then.

    All else that is random, delays and conditions, stays as it is in the scenario: who decides may as well know it,
    which makes a bound no larger.
    """

    def __init__(
        self,
        network: NetworkArrays,
        demand: DemandModel,
        scenario: Scenario,
        *,
        split: Split,
        seed: int,
        drawn: int,
        first: int,
    ) -> None:
        """Of E episodes.

        Args:
            network: that the scenario is of.
            demand: that drew the scenario.
            scenario: some of the episodes of a draw.
            split: of the draw.
            seed: of the draw.
            drawn: episodes of the draw.
            first: the number of the first of the episodes in the draw.

        Raises:
            ConfigurationError: nobody knows how this demand could have gone on, or what befalls the network changes it.
        """
        self._demand, self._scenario, self._seed = continued(network, demand), scenario, seed
        # The stream that the scenario's own demand came from, from its beginning.
        self._hidden = self._demand.hidden(drawn, scenario.days, split, Streams(seed, split).of("demand"))
        self._episodes = range(first, first + scenario.episodes)

    def from_day(self, day: int, days: int, copies: int) -> Scenario:
        """[E · (1 + copies)] of so many days from a day on: of each episode its own first, then those that could be.

        Args:
            day: the first; all before it is known.
            days: how many.
            copies: futures of each episode.
        """
        real = self._scenario.window(day, days)
        drawn = [self._copies(place, number, day, days, copies) for place, number in enumerate(self._episodes)]
        other = torch.as_tensor(np.stack(drawn)).to(real.demand)
        demand = torch.cat([real.demand.unsqueeze(1), other], dim=1).flatten(0, 1)
        each = torch.arange(real.episodes).repeat_interleave(1 + copies)
        return replace(real.episodes_at(each), demand=Scenario.axes()["demand"].laid_out(demand))

    def _copies(self, place: int, number: int, day: int, days: int, copies: int) -> NDArray[np.float32]:
        """[copies, days, M, S] for one episode, whose random numbers hang on no other.

        They are the same for every day that futures begin on (common random numbers). Those of one day are still
        independent of what comes, which is all that a mean of 0 needs; and the chance errors of neighbouring days are
        alike, so that a plan gains less by moving an order to the day where they pay most.
        """
        fresh = np.random.default_rng([0xF0F0, self._seed, number])
        first_day = int(self._scenario.first_day[place])
        return self._demand.futures(self._hidden, number, first_day, day, days, copies, fresh)


def continued(network: NetworkArrays, demand: DemandModel) -> ContinuedDemand:
    """The demand, of which it is known how it could go on.

    Raises:
        ConfigurationError: nobody knows how it could, or what befalls the network changes it.
    """
    if not isinstance(demand, ContinuedDemand):
        raise ConfigurationError(
            f"--bound: 'dual'; nobody knows how other days could have followed in {demand.summary!r}; allowed with "
            "demand that is generated (calibrated or stationary)"
        )
    befalls = network.disruption
    surges = [event.name for event in (() if befalls is None else befalls.events) if _changes_demand(event)]
    if surges:
        # Futures are drawn as demand is without events: with a surge in one of them alone, no charge would be 0.
        raise ConfigurationError(
            f"--bound: 'dual'; event {surges[0]!r} of the disruption changes demand, and other futures are drawn "
            "without it; allowed: hindsight, or a disruption without a demand_surge"
        )
    return demand


def _changes_demand(event: EventArrays) -> bool:
    factor = event.effect.demand_factor
    return factor is not None and bool((factor != 1).any())
