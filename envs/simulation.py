"""The one day loop: what is known is shown to who decides, the day is lived through, what was seen is learnt from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from torch import Tensor

from entrepot.envs.axes import Record
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.model import EXACT, ObservationModel, observation_model_named
from entrepot.envs.observe.reading import NOTHING_COSTLY, Costly
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.twin import Costs, Day, Flows, Scenario, State, TwinParameters, step

Decide = Callable[[Snapshot], Decisions]


@dataclass(frozen=True)
class Present(Record):
    """B networks at the start of a day, and what is remembered of the days before."""

    state: State
    memory: Record  # of the observation model

    @property
    def episodes(self) -> int:
        """B."""
        return self.state.episodes


@dataclass(frozen=True)
class Lived:
    """A day that was lived through."""

    number: int  # of the scenario's days
    day: Day
    decisions: Decisions
    flows: Flows
    costs: Costs
    present: Present  # at the day's end

    @property
    def state(self) -> State:
        """At the day's end."""
        return self.present.state


Watch = Callable[[Lived], None]
"""Told of each day."""


@dataclass(frozen=True)
class Simulation:
    """A network, and how it is observed."""

    parameters: TwinParameters
    attributes: NetworkAttributes
    observation: str
    model: ObservationModel[Any]
    whole_units: bool = True

    @classmethod
    def of(
        cls,
        parameters: TwinParameters,
        attributes: NetworkAttributes,
        *,
        observation: str = EXACT,
        whole_units: bool = True,
    ) -> Self:
        """Of a network.

        Args:
            parameters: of the network.
            attributes: of the same network.
            observation: the observation model by name.
            whole_units: as in the twin's `step`.

        Raises:
            ConfigurationError: there is no such observation model.
        """
        model = observation_model_named(observation)(parameters, attributes)
        return cls(parameters, attributes, observation, model, whole_units)

    def for_skus(self, chosen: Tensor) -> Self:
        """The same network with some of its SKUs, as `TwinParameters.for_skus` has it."""
        parameters, attributes = self.parameters.for_skus(chosen), self.attributes.for_skus(chosen)
        return self.of(parameters, attributes, observation=self.observation, whole_units=self.whole_units)

    def begin(self, state: State) -> Present:
        """Before the first day, of which nothing is remembered."""
        return Present(state, self.model.begin(state))

    def observe(
        self, present: Present, day: Day, reads: frozenset[Costly] = NOTHING_COSTLY, *, lent: bool = False
    ) -> Snapshot:
        """What is known when it is decided.

        Args:
            present: at the start of the day.
            day: of the scenario.
            reads: which costly parts of the snapshot the decider reads.
            lent: as in `ObservationModel`.
        """
        return self.model.observe(present.memory, present.state, day, reads, lent=lent)

    def for_reader(self, present: Present, reads: frozenset[Costly]) -> Present:
        """The same, remembering from now on what a reader of costly parts of the snapshot needs.

        Args:
            present: at the start of a day.
            reads: which costly parts the decider reads.
        """
        return Present(present.state, self.model.for_reader(present.memory, reads))

    def live(
        self, present: Present, decisions: Decisions, day: Day, *, overwrite: bool = True
    ) -> tuple[Present, Flows, Costs]:
        """Live through one day.

        Args:
            present: at the start of the day; with `overwrite`, not to be used again.
            decisions: of the day.
            day: of the scenario.
            overwrite: as in the twin's `step`.

        Returns:
            The next day's start, the day's flows and its costs.
        """
        state, flows, costs = step(
            self.parameters, present.state, decisions, day, whole_units=self.whole_units, overwrite=overwrite
        )
        memory = self.model.learn(present.memory, state, flows, day, overwrite=overwrite)
        return Present(state, memory), flows, costs

    def run(
        self,
        present: Present,
        scenario: Scenario,
        decide: Decide,
        *,
        reads: frozenset[Costly] = NOTHING_COSTLY,
        first: int = 0,
        days: int | None = None,
        overwrite: bool = True,
        watch: Watch | None = None,
    ) -> Present:
        """Live through days one after the other. Whether gradients are recorded is the caller's affair.

        Args:
            present: at the start; with `overwrite`, not to be used again.
            scenario: at least `first + days` days.
            decide: from what is known to what is done.
            reads: which costly parts of a snapshot `decide` reads.
            first: the scenario's day to start at.
            days: how many; all that are left if None.
            overwrite: as in the twin's `step`.
            watch: told of every day.

        Returns:
            What the days end with.
        """
        present = self.for_reader(present, reads)
        for number in range(first, scenario.days if days is None else first + days):
            day = scenario.at(number)
            decisions = decide(self.observe(present, day, reads))
            present, flows, costs = self.live(present, decisions, day, overwrite=overwrite)
            if watch is not None:
                watch(Lived(number, day, decisions, flows, costs, present))
        return present
