"""The state an episode starts from."""

from __future__ import annotations

from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.snapshot import NetworkAttributes, snapshot_of
from entrepot.envs.order_up_to import demand_rate, echelon_rate, orders_from_cover
from entrepot.envs.twin import Scenario, State, TwinParameters, opening_state, step

OPENING_COVER_DAYS = 30.0


def stocked_state(parameters: TwinParameters, attributes: NetworkAttributes, *, episodes: int) -> State:
    """Every node holds a month of the demand that passes through it, and nothing is on the way.

    Args:
        parameters: of the network.
        attributes: of the same network.
        episodes: B.
    """
    rate = echelon_rate(attributes, attributes.demand_mean.unsqueeze(0))[0]
    return opening_state(parameters, attributes.demand_mean, OPENING_COVER_DAYS * rate, episodes=episodes)


def warmed_up_state(
    parameters: TwinParameters,
    attributes: NetworkAttributes,
    scenario: Scenario,
    days: int,
    *,
    whole_units: bool = True,
) -> State:
    """A stocked network after some days of ordering up to its base cover, so that its pipeline is full.

    Args:
        parameters: of the network.
        attributes: of the same network.
        scenario: at least `days` days.
        days: how many of them to live through.
        whole_units: as in `step`.
    """
    state = stocked_state(parameters, attributes, episodes=scenario.episodes)
    cover = attributes.base_cover_days * attributes.lane_primary  # nobody expedites yet
    for number in range(days):
        day = scenario.at(number)
        snapshot = snapshot_of(parameters, attributes, state, day)
        decisions = Decisions(orders_from_cover(attributes, snapshot, cover, demand_rate(attributes, snapshot)))
        state, _, _ = step(parameters, state, decisions, day, whole_units=whole_units, overwrite=True)
    return state
