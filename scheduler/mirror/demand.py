"""Sales and demand: what customers wait for, and daily sums of what was asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from entrepot.envs.snapshot import calendar
from entrepot.envs.snapshot.statistics import HISTORY_DAYS
from entrepot.scheduler.clock import microseconds
from entrepot.scheduler.events.data import Allocation, Demand, Sale, SoldOut
from entrepot.scheduler.events.quantities import MILLION, millionths
from entrepot.scheduler.mirror.documents import Documents, Kept
from entrepot.scheduler.mirror.ranks import Rank
from entrepot.scheduler.places import Places

NONE = np.int64(-1)
MARGIN_DAYS = 7
"""Sums are kept so long beyond what statistics look back."""


class DemandDump(msgspec.Struct, frozen=True):
    """As it is kept. Sums by day follow from the documents."""

    sales: Kept[Sale]
    allocations: Kept[Allocation]
    picked: list[tuple[tuple[str, int, int], int]]
    told: list[tuple[tuple[int, int, int], tuple[int, int, bytes], int]]
    sold_before: list[tuple[tuple[int, int, int], int]] = []  # by day, market and SKU, of sales that are forgotten
    told_before: list[tuple[tuple[int, int, int], int]] = []  # the same, of demand of which no more is taken
    orphans: list[str] = []
    sold_out: Kept[SoldOut] = {}


class Waiting(NamedTuple):
    """Open units of a sale's SKU, in millionths."""

    market: int
    sku: int
    node: int | None  # to whose stock it is allocated; None where it waits for stock
    units: int


class DemandOfMarkets:
    """Of M markets and S SKUs."""

    def __init__(self, places: Places, kept: DemandDump | None = None) -> None:
        """Args: places: of the network. kept: what `dump` gave."""
        self._places = places
        self._shape = (len(places.names.markets), len(places.names.skus))
        self._daily: dict[int, NDArray[np.int64]] = {}  # by day: [M, S] millionths of units that sales ask for
        self.sales: Documents[Sale] = Documents(kept.sales if kept else None)
        self.allocations: Documents[Allocation] = Documents(kept.allocations if kept else None)
        self._sold_out: Documents[SoldOut] = Documents(kept.sold_out if kept else None)  # by date and market
        self._picked: dict[str, dict[tuple[int, int], int]] = defaultdict(dict)  # by sale: by SKU and node
        for (name, sku, node), units in kept.picked if kept else ():
            self._picked[name][sku, node] = units
        # What follows from the three: what is open of each open sale, and what is spoken for by node and SKU.
        self._waiting: dict[str, list[Waiting]] = {}
        self.allocated: dict[tuple[int, int], int] = defaultdict(int)  # millionths
        for name, sale in self.sales.items():
            self._add(sale, 1)
            self._follow(name)
        # Of a day, market and SKU of which all demand was told: by whose word, and by day how much; NONE elsewhere.
        self._told: dict[tuple[int, int, int], Rank] = {}
        self._told_daily: dict[int, NDArray[np.int64]] = {}
        for place, rank, units in kept.told if kept else ():
            self._tell(place, Rank(*rank), units)
        self._sold_before: dict[int, NDArray[np.int64]] = {}  # by day: [M, S], of sales that are forgotten
        for (day, market, sku), units in kept.sold_before if kept else ():
            self._sums(day)[market, sku] += units
            self._before(day)[market, sku] = units
        for (day, market, sku), units in kept.told_before if kept else ():
            self._told_sums(day)[market, sku] = units
        self._orphans: set[str] = set(kept.orphans) if kept else set()

    def sell(self, data: Sale, rank: Rank) -> None:
        """A sale, or what became of it."""
        holds, before = self.sales.put(data.sale, rank, data)
        if not holds:
            return
        if before is not None:
            self._add(before, -1)
        self._add(data, 1)
        self._follow(data.sale)

    def allocate(self, data: Allocation, rank: Rank) -> None:
        """Which nodes serve a sale, whether or not it was told already."""
        if self.allocations.put(data.sale, rank, data)[0]:
            self._follow(data.sale)

    def tell(self, data: Demand, rank: Rank) -> None:
        """All the demand of a day."""
        names = self._places.names
        place = calendar.day_number(data.date), names.markets[data.market], names.skus[data.sku]
        if place not in self._told or rank > self._told[place]:
            self._tell(place, rank, self._millionths(data.units))

    def tell_sold_out(self, data: SoldOut, rank: Rank) -> None:
        """Of what customers may have left unserved on a day."""
        self._sold_out.put(f"{data.date.isoformat()} {data.market}", rank, data)

    def pick(self, sale: str, sku: int, node: int, units: int) -> None:
        """Units that were picked for a sale at a node; below 0 undoes."""
        picked = self._picked[sale]
        picked[sku, node] = picked.get((sku, node), 0) + units
        if not picked[sku, node]:  # so that undone is as never done
            del picked[sku, node]
        if not picked:
            del self._picked[sale]
        self._follow(sale)

    def forget(self, last_day: int) -> None:
        """Forget sales up to a day of which nothing waits, but for what they add to their days' sums.

        Of days up to it no more is taken. Sums are kept so long as statistics ask for them. What was picked for a sale
        that nobody told of is forgotten at the second time.

        Args:
            last_day: in days since 1970-01-01.
        """
        names = self._places.names
        for name, sale in list(self.sales.items()):
            day = self._places.day_at(sale.market, microseconds(sale.ordered))
            if day > last_day or name in self._waiting:
                continue
            if sale.status != "cancelled" and sale.is_demand:
                for line in sale.lines:
                    units = self._millionths(line.units)
                    self._before(day)[names.markets[sale.market], names.skus[line.sku]] += units
            self.sales.drop(name)
            self.allocations.drop(name)
            self._picked.pop(name, None)
        for place in [place for place in self._told if place[0] <= last_day]:
            del self._told[place]
        oldest = last_day - HISTORY_DAYS - MARGIN_DAYS
        for sums in (self._daily, self._told_daily, self._sold_before):
            for day in [day for day in sums if day < oldest]:
                del sums[day]
        for name, told in list(self._sold_out.items()):
            if calendar.day_number(told.date) < oldest:
                self._sold_out.drop(name)
        unknown = {name for name in self._picked if self.sales.get(name) is None}
        for name in unknown & self._orphans:
            del self._picked[name]
        self._orphans = unknown - self._orphans

    def waiting(self) -> Iterator[Waiting]:
        """What is open of every sale, less what was picked for it."""
        return (part for name in sorted(self._waiting) for part in self._waiting[name])

    def waiting_of(self, sale: str) -> list[Waiting]:
        """The same of one sale; empty where there is none, or nothing of it is open."""
        return list(self._waiting.get(sale, ()))

    def unallocated(self) -> list[str]:
        """Sales of which something waits for stock."""
        return sorted(name for name, parts in self._waiting.items() if any(part.node is None for part in parts))

    def picked_of(self, sale: str) -> dict[tuple[int, int], int]:
        """Millionths of units by SKU and node that were picked for a sale."""
        return dict(self._picked.get(sale, {}))

    def daily_units(self, first_day: int, days: int) -> NDArray[np.float64]:
        """[days, M, S] units asked for; 0 on days of which nothing was told."""
        sums = np.zeros((days, *self._shape), np.int64)
        for day in range(max(days, 0)):
            sold, told = self._daily.get(first_day + day), self._told_daily.get(first_day + day)
            if sold is not None:
                sums[day] = sold
            if told is not None:
                sums[day] = np.where(told == NONE, sums[day], told)
        return sums / MILLION

    def daily_sold_out(self, first_day: int, days: int) -> NDArray[np.bool_] | None:
        """[days, M, S] whether customers may have left unserved; None where nobody told that they did."""
        names, short = self._places.names, np.zeros((days, *self._shape), np.bool_)
        for told in self._sold_out.values():
            day = calendar.day_number(told.date) - first_day
            if 0 <= day < days:
                short[day, names.markets[told.market], [names.skus[sku] for sku in told.skus]] = True
        return short if short.any() else None

    def first_day(self) -> int | None:
        """The first day, in days since 1970-01-01, of which anything was told; None if there is none."""
        days = [*(day for day, sums in self._daily.items() if sums.any()), *self._told_daily]
        return min(days, default=None)

    def told_until(self, market: int) -> int | None:
        """The last day of which all of a market's demand was told; None where that never was."""
        days = [day for day, told in self._told_daily.items() if (told[market] != NONE).any()]
        return max(days, default=None)

    def dump(self) -> DemandDump:
        """In an order that doesn't depend on that of the events."""
        told = [
            (place, (rank.first, rank.second, rank.digest), int(self._told_daily[place[0]][place[1:]]))
            for place, rank in sorted(self._told.items())
        ]
        picked = [
            ((name, sku, node), units)
            for name in sorted(self._picked)
            for (sku, node), units in sorted(self._picked[name].items())
        ]
        told_before = [
            ((day, int(market), int(sku)), int(sums[market, sku]))
            for day, sums in sorted(self._told_daily.items())
            for market, sku in np.argwhere(sums != NONE)
            if (day, int(market), int(sku)) not in self._told
        ]
        return DemandDump(
            self.sales.dump(),
            self.allocations.dump(),
            picked,
            told,
            [
                ((day, int(market), int(sku)), int(sums[market, sku]))
                for day, sums in sorted(self._sold_before.items())
                for market, sku in np.argwhere(sums)
            ],
            told_before,
            sorted(self._orphans),
            self._sold_out.dump(),
        )

    def _follow(self, name: str) -> None:
        """Bring what follows for one sale up to date."""
        for part in self._waiting.pop(name, ()):
            if part.node is not None:
                place = part.node, part.sku
                self.allocated[place] -= part.units
                if not self.allocated[place]:
                    del self.allocated[place]
        sale = self.sales.get(name)
        if sale is None or sale.status != "open":
            return
        parts = list(self._parts(sale))
        if parts:
            self._waiting[name] = parts
        for part in parts:
            if part.node is not None:
                self.allocated[part.node, part.sku] += part.units

    def _parts(self, sale: Sale) -> Iterator[Waiting]:
        """What of a sale waits, and what is allocated to which node, after what was picked.

        What a node picked is off its own part first, then off what waits, then off the parts of others.
        """
        names = self._places.names
        loose: dict[int, int] = {}  # by SKU, which no line of the sale allocates
        parts: dict[int, dict[int, int]] = {}  # by SKU and node
        for line in sale.lines:
            sku, units = names.skus[line.sku], self._millionths(line.units)
            loose.setdefault(sku, 0)
            if line.node is None:
                loose[sku] += units
            else:
                by_node = parts.setdefault(sku, {})
                by_node[names.nodes[line.node]] = by_node.get(names.nodes[line.node], 0) + units
        told = self.allocations.get(sale.sale)
        for given in () if told is None else told.lines:
            sku, node = names.skus[given.sku], names.nodes[given.node]
            units = min(self._millionths(given.units), loose.get(sku, 0))
            if units:
                loose[sku] -= units
                by_node = parts.setdefault(sku, {})
                by_node[node] = by_node.get(node, 0) + units
        picked = self._picked.get(sale.sale, {})
        market = names.markets[sale.market]
        for sku in loose:
            by_node, over = parts.get(sku, {}), 0
            for node in sorted(node for one, node in picked if one == sku):
                own = min(max(picked[sku, node], 0), by_node.get(node, 0))
                if own:
                    by_node[node] -= own
                over += picked[sku, node] - own
            over = max(over, 0)
            taken = min(over, loose[sku])
            over -= taken
            for node in sorted(by_node):
                more = min(over, by_node[node])
                over -= more
                if by_node[node] > more:
                    yield Waiting(market, sku, node, by_node[node] - more)
            if loose[sku] > taken:
                yield Waiting(market, sku, None, loose[sku] - taken)

    def _tell(self, place: tuple[int, int, int], rank: Rank, units: int) -> None:
        day, market, sku = place
        self._told[place] = rank
        self._told_sums(day)[market, sku] = units

    def _told_sums(self, day: int) -> NDArray[np.int64]:
        if day not in self._told_daily:
            self._told_daily[day] = np.full(self._shape, NONE)
        return self._told_daily[day]

    def _before(self, day: int) -> NDArray[np.int64]:
        if day not in self._sold_before:
            self._sold_before[day] = np.zeros(self._shape, np.int64)
        return self._sold_before[day]

    def _sums(self, day: int) -> NDArray[np.int64]:
        if day not in self._daily:
            self._daily[day] = np.zeros(self._shape, np.int64)
        return self._daily[day]

    def _add(self, sale: Sale, sign: int) -> None:
        if sale.status == "cancelled" or not sale.is_demand:
            return
        names = self._places.names
        sums = self._sums(self._places.day_at(sale.market, microseconds(sale.ordered)))
        for line in sale.lines:
            sums[names.markets[sale.market], names.skus[line.sku]] += sign * self._millionths(line.units)

    def _millionths(self, units: int | str) -> int:
        return millionths(units, divisible=self._places.divisible)
