"""Everything random that no decision changes: one file a source, each with a stream of its own."""

from entrepot.envs.twin.scenario import delays, demand, equipment, records, rounding  # noqa: F401  # they register their sources
from entrepot.envs.twin.scenario.draw import draw_scenario
from entrepot.envs.twin.scenario.record import Day, Scenario

__all__ = ["Day", "Scenario", "draw_scenario"]
