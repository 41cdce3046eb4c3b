"""Where episodes start."""

from __future__ import annotations

from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.reading import NOTHING_COSTLY, Costly
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import demand_rate, echelon_rate, orders_from_cover
from entrepot.envs.simulation import Decide, Present, Simulation
from entrepot.envs.twin import Scenario, State, TwinParameters, opening_state

OPENING_COVER_DAYS = 30.0


def stocked_state(parameters: TwinParameters, attributes: NetworkAttributes, *, episodes: int) -> State:
    """Every node holds a month of the demand that passes through it, and nothing is on the way.

    Args:
        parameters: of the network.
        attributes: of the same network.
        episodes: B.
    """
    rate = echelon_rate(attributes, attributes.demand_mean.unsqueeze(0))[0]
    return opening_state(parameters, OPENING_COVER_DAYS * rate, episodes=episodes)


def stocked(simulation: Simulation, *, episodes: int) -> Present:
    """B networks in the `stocked_state`, of which nothing was seen yet."""
    return simulation.begin(stocked_state(simulation.parameters, simulation.attributes, episodes=episodes))


def warmed_up(
    simulation: Simulation, scenario: Scenario, days: int, reads: frozenset[Costly] = NOTHING_COSTLY
) -> Present:
    """Stocked networks after some days of ordering up to their base cover, so that their pipelines are full.

    Args:
        simulation: of the network.
        scenario: at least `days` days.
        days: how many of them to live through.
        reads: which costly parts of snapshots are read once they are over.
    """
    opening = simulation.for_reader(stocked(simulation, episodes=scenario.episodes), reads)
    return simulation.run(opening, scenario, base_cover_rule(simulation.attributes), days=days)


def base_cover_rule(attributes: NetworkAttributes) -> Decide:
    """Orders up to the base cover on every SKU's cheapest way: nobody expedites yet."""
    cover = attributes.base_cover_days * attributes.lane_primary

    def decide(snapshot: Snapshot) -> Decisions:
        return Decisions(orders_from_cover(attributes, snapshot, cover, demand_rate(attributes, snapshot)))

    return decide
