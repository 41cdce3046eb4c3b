"""What a live system knows whose records are wrong."""

from __future__ import annotations

from dataclasses import replace

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.observe.as_live import AsLive
from entrepot.envs.observe.model import ERRONEOUS, register_observation_model
from entrepot.envs.observe.snapshot import NetworkAttributes
from entrepot.envs.twin import State, TwinParameters


@register_observation_model(ERRONEOUS)
class Erroneous(AsLive):
    """As `as_live`, of the stock that is recorded, not of that which can be found."""

    def __init__(self, parameters: TwinParameters, attributes: NetworkAttributes) -> None:
        """Args: the network's parameters; its attributes.

        Raises:
            ConfigurationError: the network keeps no records beside its stock.
        """
        if parameters.records is None or not parameters.records.kept:
            raise ConfigurationError(
                f"observation: {ERRONEOUS!r}; the network's records are always right; allowed: exact, as_live, or a "
                "network with errors in `records`, such as kreen_records"
            )
        super().__init__(parameters, attributes)

    def stock(self, state: State) -> State:
        """The stock that is recorded."""
        assert state.records is not None
        return replace(state, on_hand=state.records.recorded, records=None)
