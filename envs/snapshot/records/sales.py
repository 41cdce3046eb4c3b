"""Sales records: units asked for on each day, in each market, and what customers still wait for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot import calendar
from entrepot.envs.snapshot.records.context import Context
from entrepot.envs.snapshot.records.remarks import some
from entrepot.envs.snapshot.records.table import Columns, Table
from entrepot.envs.snapshot.statistics import HISTORY_DAYS

COLUMNS = Columns(
    needed=("date", "sku", "market", "units"),
    spellings={"units_sold": "units", "quantity": "units", "day": "date"},
)
BACKLOG_COLUMNS = Columns(
    needed=("market", "sku", "units"), optional=("allocated",), spellings={"units_open": "units", "quantity": "units"}
)


GAP_DAYS = 7
"""So many days from one sale to the next, of anything anywhere, are nothing odd."""


@dataclass(frozen=True)
class DailySales:
    """T days up to the one before the decision; NaN on days of which nothing is known."""

    first_day: int  # days since 1970-01-01
    units: NDArray[np.float64]  # [T, M, S]
    sold_out: NDArray[np.bool_] | None = None  # [T, M, S] customers may have left unserved; None: nobody is known to

    @property
    def known(self) -> NDArray[np.bool_]:
        """[T] days of which something is known."""
        return np.asarray(~np.isnan(self.units).all(axis=(1, 2)))


def read_sales(table: Table, context: Context, complete_until: int | None = None) -> DailySales:
    """Daily sums over the last `HISTORY_DAYS` days; what isn't listed within the days that the records span is 0.

    Returns, which are rows below 0, are not demand and are left out. Of days after the last row nothing is known,
    unless the records are said to be complete until a later day.

    Args:
        table: order lines or daily sums.
        context: to read it with.
        complete_until: the last day that the records cover, if nothing may have been sold on it.

    Raises:
        ConfigurationError: a cell can't be read, there are no sales before the day, or too many rows can't be used.
    """
    names, today = context.names, context.today
    days, cells, units = [], [], []
    returned = later = 0
    for row, cell in context.placed("sales", table, lambda row: (names.market(row), names.sku(row))):
        day = context.reading.day(row, "date", names.arrays.markets[cell[0]])
        if day is None or row.get("units") is None:
            raise ConfigurationError(f"{row.place}: {'date' if day is None else 'units'}: empty; it must be given")
        sold = context.reading.units(row, "units")
        later += day >= today
        returned += sold < 0
        if day < today and sold >= 0:
            days.append(day)
            cells.append(cell)
            units.append(sold)
    if not days:
        raise ConfigurationError(f"{table.source}: no sales before {calendar.iso(today)}; demand can't be told from it")
    last = min(max(days) if complete_until is None else max(*days, complete_until), today - 1)
    first = max(min(days), today - HISTORY_DAYS)
    if later:
        context.remarks.odd("sales", f"{later} rows of {calendar.iso(today)} or later are left out: not known yet")
    if returned:
        context.remarks.assumed("sales", f"{returned} rows below 0 are returns, not demand, and are left out")
    return _told(
        DailySales(first, _summed(np.array(days), np.array(cells), np.array(units), first, last, context)),
        last,
        context,
    )


def summed_sales(sold: DailySales, context: Context) -> DailySales:
    """Daily sums that somebody has kept already, told of as sales records are.

    Args:
        sold: of days up to the one before the decision.
        context: as for records.

    Raises:
        ConfigurationError: they are of other markets, SKUs or days, or there are none.
    """
    cells = len(context.names.markets), len(context.names.skus)
    days = context.today - sold.first_day
    if sold.units.shape != (days, *cells) or not 0 < days <= HISTORY_DAYS:
        raise ConfigurationError(
            f"sales: daily sums from {calendar.iso(sold.first_day)} have shape {list(sold.units.shape)}; allowed: "
            f"1 to {HISTORY_DAYS} days up to the decision, {cells[0]} markets, {cells[1]} SKUs"
        )
    if sold.sold_out is not None and sold.sold_out.shape != sold.units.shape:
        raise ConfigurationError(
            f"sales: sold_out has shape {list(sold.sold_out.shape)}; allowed: that of units, {list(sold.units.shape)}"
        )
    known = np.flatnonzero(sold.known)
    if not known.size:
        raise ConfigurationError(f"sales: none before {calendar.iso(context.today)}; demand can't be told from them")
    return _told(sold, sold.first_day + int(known[-1]), context)


def _told(sold: DailySales, last: int, context: Context) -> DailySales:
    _tell_span(sold.first_day, last, context)
    _tell_silence(sold, context)
    _tell_gap(sold, context)
    if sold.sold_out is not None and (estimated := int((sold.sold_out & ~np.isnan(sold.units)).sum())):
        context.remarks.assumed(
            "sales",
            f"of {estimated} days of a SKU in a market customers may have left unserved: what was asked for then is "
            "estimated from what was sold",
        )
    return sold


def _summed(
    days: NDArray[np.int64],
    cells: NDArray[np.int64],
    units: NDArray[np.float64],
    first: int,
    last: int,
    context: Context,
) -> NDArray[np.float64]:
    daily = np.zeros((max(context.today - first, 0), len(context.names.markets), len(context.names.skus)))
    recent = days >= first
    np.add.at(daily, (days[recent] - first, cells[recent, 0], cells[recent, 1]), units[recent])
    daily[max(last + 1 - first, 0) :] = np.nan
    return daily


def _tell_span(first: int, last: int, context: Context) -> None:
    days, unknown = context.today - first, context.today - 1 - last
    if unknown:
        context.remarks.odd(
            "sales",
            f"end on {calendar.iso(last)}; of the {unknown} days after it nothing is known, so demand is taken to be "
            "what it was (if nothing was sold on them, say so with sales_until, --sales-until)",
        )
    if days < HISTORY_DAYS:
        context.remarks.assumed(
            "sales",
            f"begin on {calendar.iso(first)}, {days} days before the decision ({HISTORY_DAYS} are best); demand before "
            "them is taken to be that of the long run",
        )


def _tell_silence(sold: DailySales, context: Context) -> None:
    arrays = context.names.arrays
    total = np.nansum(sold.units, axis=0)
    silent = [f"{arrays.skus[sku]} in {arrays.markets[market]}" for market, sku in np.argwhere(total == 0)]
    if silent:
        context.remarks.odd("sales", f"none at all of {some(silent)}")


def _tell_gap(sold: DailySales, context: Context) -> None:
    """A feed that failed for a week looks like a week in which nobody bought; a mistaken year like a long gap."""
    selling = np.flatnonzero(np.nansum(sold.units, axis=(1, 2)) > 0)
    # Counted from the first day that is kept: a date far before it would make all between them days of 0.
    gaps = np.diff(np.concatenate([[-1], selling]))
    if not gaps.size or gaps.max() <= GAP_DAYS:
        return
    last = int(np.cumsum(gaps)[np.argmax(gaps)]) - 1  # the next day with a sale
    first, days = last - int(gaps.max()) + 1, int(gaps.max()) - 1
    told = f"from {calendar.iso(sold.first_day + first)} to {calendar.iso(sold.first_day + last - 1)}"
    context.remarks.odd("sales", f"none at all {told}; these {days} days count as days without demand")


def read_backlog(table: Table, context: Context) -> NDArray[np.float64]:
    """[M, S] units of open sales lines that are not allocated.

    Raises:
        ConfigurationError: a cell can't be read, or too many rows name what the network doesn't have.
    """
    names, reading = context.names, context.reading
    waiting = np.zeros((len(names.markets), len(names.skus)))
    for row, cell in context.placed("backlog", table, lambda row: (names.market(row), names.sku(row))):
        waiting[cell] += max(reading.units(row, "units") - reading.amount(row, "allocated"), 0.0)
    return waiting
