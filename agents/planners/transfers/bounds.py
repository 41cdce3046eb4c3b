"""What a departure costs one of several transfers at least, and departures that no best plan uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from entrepot.agents.planners.transfers.expansion import Expansion
from entrepot.agents.planners.transfers.plan import Booked, Plan, added_usd, loads, priced
from entrepot.agents.planners.transfers.transfer import Transfer
from entrepot.envs.network.lanes import KG_PER_M3_CHARGEABLE
from entrepot.envs.network.routes import Move
from entrepot.envs.network.routes.leg import NOTHING

ROUNDING = 1e-9
"""Of the cost: so much dearer is as dear."""
PASSES = 4


@dataclass(frozen=True)
class Terms:
    """What is counted beside freight, and what is booked already."""

    booked: Booked
    usd_per_kg_co2e: float

    def own_usd(self, transfer: Transfer, move: Move) -> float:
        """What a move costs a transfer whoever else is aboard: CO₂e, and the days at its end."""
        usd = self.usd_per_kg_co2e * move.leg.kg_co2e(transfer.goods)
        if move.leg.destination == transfer.destination:
            usd += transfer.usd_per_day * (move.arrival - transfer.ready)
        return usd

    def priced(self, transfers: Sequence[Transfer], moves: Sequence[Sequence[Move]]) -> Plan:
        """A plan on these terms."""
        return priced(transfers, moves, booked=self.booked, usd_per_kg_co2e=self.usd_per_kg_co2e)


def one_by_one(expansions: Sequence[Expansion], terms: Terms) -> Plan | None:
    """A plan to begin with: each by the cheapest way beside the others, over and over; None if room runs out."""
    transfers = [expansion.transfer for expansion in expansions]
    found: list[tuple[Move, ...]] = [() for _ in expansions]
    for _ in range(PASSES if len(expansions) > 1 else 1):
        before = list(found)
        for index, expansion in enumerate(expansions):
            found[index] = ()
            aboard = loads(transfers, found)
            usd = [
                added_usd(move, expansion.transfer.goods, terms.booked.get(move, NOTHING) + aboard.get(move, NOTHING))
                + terms.own_usd(expansion.transfer, move)
                for move in expansion.moves
            ]
            if expansion.through(usd)[1] == inf:
                return None
            found[index] = expansion.cheapest(usd)
        if found == before:
            break
    return terms.priced(transfers, found)


def least_usd(expansions: Sequence[Expansion], terms: Terms) -> list[list[float]]:
    """What each departure costs each transfer at least, so that the sum over those aboard is never above what they pay.

    Who alone can be aboard pays all of it. Others pay their part of the fee as if all who can be aboard were, their
    volume at the cheaper of loose and a full container's rate, and the smaller of mass and 167 kg a m³.
    """
    users = Counter(move for expansion in expansions for move in expansion.moves)
    return [
        [_least(expansion.transfer, move, users[move], terms) for move in expansion.moves] for expansion in expansions
    ]


def _least(transfer: Transfer, move: Move, users: int, terms: Terms) -> float:
    booked, goods, leg = terms.booked.get(move, NOTHING), transfer.goods, move.leg
    own = terms.own_usd(transfer, move)
    if users == 1:
        return own + added_usd(move, goods, booked)
    price, rate = leg.price, leg.price.per_m3
    if price.per_container is not None:
        # A container that is booked may have room that costs nothing.
        rate = min(rate, price.per_container / leg.container_m3) if booked == NOTHING else 0.0
    fee = price.per_shipment / users if booked == NOTHING else 0.0
    kg = min(goods.kg, KG_PER_M3_CHARGEABLE * goods.m3)
    return own + fee + rate * goods.m3 + price.per_chargeable_kg * kg


def narrowed(expansions: Sequence[Expansion], terms: Terms, best_usd: float) -> tuple[list[Expansion], float]:
    """Leave out departures over which no plan is cheaper than one that is known.

    Args:
        expansions: of each transfer.
        terms: of the plan.
        best_usd: of a plan that is known; infinite if none is.

    Returns:
        What is left, and a cost below which there is no plan.
    """
    kept, bound = list(expansions), -inf
    while True:
        costs = least_usd(kept, terms)
        ways = [expansion.through(usd) for expansion, usd in zip(kept, costs, strict=True)]
        bound = max(bound, sum(least for _, least in ways))
        room = best_usd - bound + ROUNDING * max(abs(best_usd), 1.0) if best_usd < inf else inf
        keep = [[over - least <= room and over < inf for over in whole] for whole, least in ways]
        if all(all(row) for row in keep):
            return kept, bound
        kept = [expansion.of_these(row) for expansion, row in zip(kept, keep, strict=True)]
