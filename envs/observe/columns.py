"""What stands in each column of an agent's observation and action, for people: tables of docs/environment.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.observe.vector import OBSERVATION_BOUND, UNIT_FEATURES, Observation

MEANINGS = {
    "on_hand_cover": "stock on the shelves, log(1 + days of cover / 14)",
    "dock_cover": "arrived and not yet unloaded, likewise",
    "in_transit_cover": "on the way to the node, likewise",
    "backlog_cover": "customers' orders that wait for the node, likewise",
    "fast_to_slow": "demand of the last 7 days to that of the last 28, logarithm",
    "slow_to_mean": "demand of the last 28 days to the long run, logarithm",
    "quarter_to_mean": "demand of the last 91 days to the long run, logarithm",
    "rate": "units a day that cover is counted in, logarithm / 3",
    "due_cover": "due at the lane's destination within its window, log(1 + days of cover / 14)",
    "space_used": "share of the node's storage in use",
    "equipment": "share of the node's dock and picking that works",
    "wait": "weeks to the lane's next departure; 0 departs today",
    "open": "share of the lane's capacity; 0 when closed",
    "wear": "of a unit of equipment: hours of work since it was new or mended, over the scale of its life",
    "mending": "of the same: shifts until it is mended or maintained; 0 if it works",
    "season_last_month": "seasonal index of the last 28 days, logarithm",
    "season_last_quarter": "of the last 91 days, likewise",
    "season_week": "of each week ahead, likewise",
    "weekday": "day of the week on a circle",
    "year": "day of the year on a circle",
    "nothing": "0: a supplier publishes no stock",
    "padding": "0",
}
"""By the last part of a feature's name."""
TOGETHER = {"season_week": "season_week_", "weekday": "weekday_", "year": "year_"}
"""Features of one idea that stand side by side."""


@dataclass(frozen=True)
class Columns:
    """Neighbouring columns of one meaning."""

    first: int
    last: int
    whose: str  # node, lane or nothing
    feature: str
    by_sku: bool

    @property
    def meaning(self) -> str:
        """In words."""
        return MEANINGS[self.feature]


def observation_columns(observation: Observation, agent: int) -> list[Columns]:
    """Of an agent's vector, from its first column to its last, padding included."""
    names = observation.names(agent)
    parts = [_parts(name) for name in (*names, *["padding"] * (observation.width - len(names)))]
    return [
        Columns(places[0], places[-1], *key) for key, places in _runs((part, place) for place, part in enumerate(parts))
    ]


def observation_table(observation: Observation, agent: int) -> str:
    """The same in Markdown."""
    rows = [
        f"| {_span(column)} | {column.whose or '–'} | `{column.feature}` | {column.meaning} |"
        for column in observation_columns(observation, agent)
    ]
    head = f"| columns | of | feature | meaning (all within ±{OBSERVATION_BOUND:g}) |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(rows)


def action_table(network: NetworkArrays, agent: int) -> str:
    """Of an agent's action that decides no maintenance, in Markdown: lane after lane, on each one column a SKU."""
    skus = len(network.skus)
    lanes = [lane for lane, owner in zip(network.lanes, network.lane.agent, strict=True) if owner == agent]
    rows = [f"| {index * skus}–{(index + 1) * skus - 1} | {lane} |" for index, lane in enumerate(lanes)]
    return "| columns | lane, by SKU |\n| --- | --- |\n" + "\n".join(rows)


def _parts(name: str) -> tuple[str, str, bool]:
    """Whose it is, which feature, and whether by SKU, of a name in `Observation.names`."""
    *whose, feature = name.split("/")
    if feature in UNIT_FEATURES:
        return "/".join(whose), feature, False
    together = [idea for idea, start in TOGETHER.items() if feature.startswith(start)]
    return (whose[0] if whose else "", together[0] if together else feature, len(whose) > 1)


def _runs(
    placed: Iterable[tuple[tuple[str, str, bool], int]],
) -> Iterable[tuple[tuple[str, str, bool], list[int]]]:
    for key, group in groupby(placed, key=lambda each: each[0]):
        yield key, [place for _, place in group]


def _span(column: Columns) -> str:
    return str(column.first) if column.first == column.last else f"{column.first}–{column.last}"
