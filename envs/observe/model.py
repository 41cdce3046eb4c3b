"""From the world to what is known of it: the one way by which anything learns of a day; a new one is one new file."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from entrepot.configs.registry import Registry
from entrepot.envs.axes import Record
from entrepot.envs.observe.reading import NOTHING_COSTLY, Costly
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.twin import Day, Flows, State, TwinParameters

Memory = TypeVar("Memory", bound=Record)
"""What a model remembers from day to day; with an axis B, as the state has one."""
EXACT, AS_LIVE, ERRONEOUS = "exact", "as_live", "erroneous"


class ObservationModel(Protocol[Memory]):
    """How one network is observed. A model holds nothing that changes; what it remembers is handed through."""

    def begin(self, state: State) -> Memory:
        """What is remembered before the first day, of the state that episodes start from."""
        ...

    def for_reader(self, memory: Memory, reads: frozenset[Costly]) -> Memory:
        """A memory that keeps what a reader needs of days to come, which others are spared.

        Args:
            memory: of the days before.
            reads: which costly parts of snapshots it reads.
        """
        ...

    def observe(
        self,
        memory: Memory,
        state: State,
        day: Day,
        reads: frozenset[Costly] = NOTHING_COSTLY,
        *,
        lent: bool = False,
    ) -> Snapshot:
        """What is known when it is decided, at the start of a day; nothing of the day's demand.

        What a snapshot shows is its own, unless it is lent: it stays as it is when the world goes on, and leads nowhere
        else.

        Args:
            memory: of the days before.
            state: at the start of the day.
            day: of the scenario; only its calendar and conditions may be read.
            reads: which costly parts the decider reads; the others are not made.
            lent: let the snapshot share memory with what it is made of, and save the copies; for a reader who writes
                nothing into it and lets go of it before the day is lived through.
        """
        ...

    def learn(self, memory: Memory, state: State, flows: Flows, day: Day, *, overwrite: bool = False) -> Memory:
        """What is remembered after a day, of the memory before it and of what happened.

        Args:
            memory: at the start of the day; with `overwrite`, not to be used again.
            state: at the end of the day.
            flows: of the day.
            day: of the scenario.
            overwrite: whether the memory before it may be taken over.
        """
        ...


class ObservationBuilder(Protocol):
    """Makes a model for a network."""

    def __call__(self, parameters: TwinParameters, attributes: NetworkAttributes) -> ObservationModel[Any]:
        """Args: the network's parameters; its attributes."""
        ...


_MODELS = Registry[ObservationBuilder](
    {
        EXACT: "entrepot.envs.observe.exact",
        AS_LIVE: "entrepot.envs.observe.as_live",
        ERRONEOUS: "entrepot.envs.observe.erroneous",
    }
)
register_observation_model = _MODELS.register
"""Decorate a model's class so that an `observation` can name it."""
observation_model_names = _MODELS.names
"""Every name that an `observation` may be."""


def observation_model_named(name: str) -> ObservationBuilder:
    """The model of a name.

    Raises:
        ConfigurationError: there is none.
    """
    return _MODELS.named(name, "observation")
