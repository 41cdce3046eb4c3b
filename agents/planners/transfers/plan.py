"""A plan and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from entrepot.agents.planners.transfers.transfer import Transfer
from entrepot.envs.network.routes import Goods, Move
from entrepot.envs.network.routes.leg import NOTHING

Booked = Mapping[Move, Goods]
"""What is on departures already."""
ROUNDING_M3 = 1e-9


@dataclass(frozen=True)
class Plan:
    """Moves of every transfer, in the order of the transfers, and what all together cost beyond what was booked."""

    transfers: tuple[Transfer, ...]
    moves: tuple[tuple[Move, ...], ...]
    freight_usd: float
    days_usd: float  # each transfer's days at its `usd_per_day`
    kg_co2e: float
    kg_co2e_usd: float  # at the price that was asked for
    bound_usd: float = float("-inf")  # no plan costs less

    @property
    def usd(self) -> float:
        """What is minimised."""
        return self.freight_usd + self.days_usd + self.kg_co2e_usd

    @property
    def days(self) -> tuple[int, ...]:
        """Of each transfer, from ready to arrival."""
        ends = zip(self.transfers, self.moves, strict=True)
        return tuple(moves[-1].arrival - transfer.ready for transfer, moves in ends)

    @property
    def gap(self) -> float:
        """By how much of its cost the plan may be dearer than the best; 0 where that is proved."""
        return max(self.usd - self.bound_usd, 0.0) / max(abs(self.usd), 1e-9)


def loads(transfers: Sequence[Transfer], moves: Sequence[Sequence[Move]]) -> dict[Move, Goods]:
    """What is put on each departure."""
    found: dict[Move, Goods] = {}
    for transfer, taken in zip(transfers, moves, strict=True):
        for move in taken:
            found[move] = found.get(move, NOTHING) + transfer.goods
    return found


def added_usd(move: Move, goods: Goods, booked: Goods) -> float:
    """What more goods cost on a departure on which some are booked; infinite where there is no room."""
    whole = booked + goods
    if whole.m3 > move.leg.capacity_m3 * (1 + ROUNDING_M3):
        return float("inf")
    return move.leg.usd(whole) - move.leg.usd(booked)


def priced(
    transfers: Sequence[Transfer],
    moves: Sequence[Sequence[Move]],
    *,
    booked: Booked | None = None,
    usd_per_kg_co2e: float = 0.0,
    bound_usd: float = float("-inf"),
) -> Plan:
    """A plan with its costs.

    Args:
        transfers: what is moved.
        moves: of each of them.
        booked: what is on departures already; its cost is not the plan's.
        usd_per_kg_co2e: the price of carbon.
        bound_usd: as in `Plan`.
    """
    before = booked or {}
    put = loads(transfers, moves)
    freight = sum(added_usd(move, goods, before.get(move, NOTHING)) for move, goods in put.items())
    ends = zip(transfers, moves, strict=True)
    days = sum(transfer.usd_per_day * (taken[-1].arrival - transfer.ready) for transfer, taken in ends)
    kg = sum(move.leg.kg_co2e(goods) for move, goods in put.items())
    rows = tuple(tuple(taken) for taken in moves)
    return Plan(tuple(transfers), rows, freight, days, kg, kg * usd_per_kg_co2e, bound_usd)
