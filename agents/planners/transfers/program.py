"""Transfers on the time-expanded network as a mixed-integer program, solved by HiGHS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, inf

import highspy
import numpy as np

from entrepot.agents.planners.transfers.bounds import Terms
from entrepot.agents.planners.transfers.expansion import Expansion
from entrepot.agents.planners.transfers.plan import Plan, added_usd
from entrepot.envs.network.description import UNLIMITED
from entrepot.envs.network.lanes import KG_PER_M3_CHARGEABLE
from entrepot.envs.network.routes import Move
from entrepot.envs.network.routes.leg import NOTHING, Goods

CHOSEN = 0.5


@dataclass
class Program:
    """Columns and rows under construction."""

    offset: float = 0.0
    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    start: list[int] = field(default_factory=lambda: [0])
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    def column(self, cost: float, upper: float = inf, *, whole: bool = False) -> int:
        """A variable from 0 to `upper`; its number."""
        self.cost.append(cost)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, entries: Sequence[tuple[int, float]], lower: float, upper: float) -> None:
        """A sum of variables between bounds."""
        self.index += [column for column, _ in entries]
        self.value += [value for _, value in entries]
        self.start.append(len(self.index))
        self.row_lower.append(lower)
        self.row_upper.append(upper)

    def model(self) -> highspy.HighsLp:
        """For HiGHS."""
        model = highspy.HighsLp()
        model.offset_ = self.offset
        model.num_col_, model.num_row_ = len(self.cost), len(self.row_lower)
        model.col_cost_, model.col_lower_ = np.array(self.cost), np.zeros(len(self.cost))
        model.col_upper_ = np.array(self.upper)
        model.row_lower_, model.row_upper_ = np.array(self.row_lower), np.array(self.row_upper)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.array(self.start, np.int32)
        model.a_matrix_.index_ = np.array(self.index, np.int32)
        model.a_matrix_.value_ = np.array(self.value)
        integer, continuous = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
        model.integrality_ = [integer if whole else continuous for whole in self.whole]
        return model


def solved(expansions: Sequence[Expansion], terms: Terms, *, seconds: float) -> tuple[Plan | None, float]:
    """The best plan over the departures that are left.

    Args:
        expansions: of each transfer.
        terms: of the plan.
        seconds: after which the best one found so far will do.

    Returns:
        A plan, or None if none was found, and a cost below which there is none: infinite if there is none at all.
    """
    program = Program()
    taken = [_way(program, expansion, terms) for expansion in expansions]
    aboard: dict[Move, list[tuple[int, Goods]]] = {}
    for expansion, columns in zip(expansions, taken, strict=True):
        for move, column in zip(expansion.moves, columns, strict=True):
            aboard.setdefault(move, []).append((column, expansion.transfer.goods))
    for move, who in aboard.items():
        _departure(program, move, who, terms.booked.get(move, NOTHING))
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    options = {"output_flag": False, "threads": 1, "mip_rel_gap": 0.0, "time_limit": seconds}
    for option, value in options.items():
        highs.setOptionValue(option, value)
    highs.passModel(program.model())
    highs.run()
    info, status = highs.getInfo(), highs.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None, inf
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None, info.mip_dual_bound
    values = highs.getSolution().col_value
    moves = [
        _moves(expansion, [values[column] > CHOSEN for column in columns])
        for expansion, columns in zip(expansions, taken, strict=True)
    ]
    return terms.priced([expansion.transfer for expansion in expansions], moves), info.mip_dual_bound


def _way(program: Program, expansion: Expansion, terms: Terms) -> list[int]:
    """One path from origin, when ready, to destination, when due: a column for each departure, and waits between."""
    transfer = expansion.transfer
    columns = [program.column(terms.own_usd(transfer, move), 1.0, whole=True) for move in expansion.moves]
    at: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for i, column in enumerate(columns):
        at.setdefault((expansion.begin[i], expansion.tail[i]), []).append((column, -1.0))
        at.setdefault((expansion.end[i], expansion.head[i]), []).append((column, 1.0))
    origin, target = (expansion.places.index(place) for place in (transfer.origin, transfer.destination))
    at.setdefault((origin, 0), [])
    at.setdefault((target, expansion.days), [])
    for place in range(len(expansion.places)):
        days = sorted(day for where, day in at if where == place)
        for day, later in pairwise(days):
            wait = program.column(0.0, 1.0)
            at[place, day].append((wait, -1.0))
            at[place, later].append((wait, 1.0))
    for (place, day), entries in at.items():
        net = -1.0 if (place, day) == (origin, 0) else 1.0 if (place, day) == (target, expansion.days) else 0.0
        program.row(entries, net, net)
    return columns


def _departure(program: Program, move: Move, who: Sequence[tuple[int, Goods]], booked: Goods) -> None:
    """What a departure costs all who are aboard, beyond what is booked."""
    if len(who) == 1:
        column, goods = who[0]
        program.cost[column] += added_usd(move, goods, booked)
        return
    leg, price = move.leg, move.leg.price
    if leg.capacity_m3 < UNLIMITED:
        program.row([(column, goods.m3) for column, goods in who], -inf, leg.capacity_m3 - booked.m3)
    if price.per_shipment > 0 and booked == NOTHING:
        fee = program.column(price.per_shipment, 1.0)
        for column, _ in who:
            program.row([(fee, 1.0), (column, -1.0)], 0.0, inf)
    if price.per_chargeable_kg > 0:
        # The greater of mass and volume; what the booked goods count already is free.
        weight = program.column(price.per_chargeable_kg)
        free = booked.chargeable_kg
        program.row([(weight, 1.0), *((column, -goods.kg) for column, goods in who)], booked.kg - free, inf)
        volume = [(column, -KG_PER_M3_CHARGEABLE * goods.m3) for column, goods in who]
        program.row([(weight, 1.0), *volume], KG_PER_M3_CHARGEABLE * booked.m3 - free, inf)
    if price.per_container is None:
        for column, goods in who:
            program.cost[column] += price.per_m3 * goods.m3
        return
    program.offset -= price.freight_usd(booked.m3, leg.container_m3)  # paid already
    all_m3 = booked.m3 + sum(goods.m3 for _, goods in who)
    loose = program.column(price.per_m3)
    containers = program.column(price.per_container, float(ceil(all_m3 / leg.container_m3)), whole=True)
    carried = [(column, -goods.m3) for column, goods in who]
    program.row([(loose, 1.0), (containers, leg.container_m3), *carried], booked.m3, inf)


def _moves(expansion: Expansion, chosen: Sequence[bool]) -> tuple[Move, ...]:
    """The path that the chosen departures make; those of a round trip that costs nothing are left out."""
    return expansion.cheapest([0.0 if yes else inf for yes in chosen])
