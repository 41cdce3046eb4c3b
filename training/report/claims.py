"""The paper's claims, each with what is measured for it and the assumption that it hangs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from entrepot.training.evaluation.intervals import mean_interval, ratio_interval
from entrepot.training.report.measuring import Measured
from entrepot.training.report.practice import ACTIVE, PASSIVE

MET, MISSED, CONSEQUENCE, NOT_HERE = "met", "missed", "a consequence of an assumption", "not measurable here"
Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A claim on how much a figure of the twin changes from passive to active."""

    claim: str
    paper: float  # share by which the figure changes
    figure: str
    assumption: str
    consequence: bool = False  # whether the size of the change is put in by an assumption

    def row(self, by_side: Mapping[str, Measured]) -> Row:
        """Measured on shared scenarios, with the interval over episodes."""
        passive, active = by_side[PASSIVE].get(self.figure), by_side[ACTIVE].get(self.figure)
        if passive is None or active is None or not passive.mean():
            return row_of(self.claim, percent(self.paper), None, NOT_HERE, f"no {self.figure} here; {self.assumption}")
        change = [value - 1 for value in ratio_interval(active, passive)]
        verdict = CONSEQUENCE if self.consequence else verdict_of(change, self.paper)
        return row_of(self.claim, percent(self.paper), change, verdict, self.assumption, figure=self.figure)


CHANGES = (
    Change(
        "equipment downtime",
        -0.30,
        "equipment_standstill_share",
        "Weibull shape 2 and 3 h of maintenance against 12 h of repair are assumptions; at shape 1 nothing helps: "
        "docs/warehouse.md has the curve",
        consequence=True,
    ),
    Change(
        "stock-out rate",
        -0.25,
        "stock_out_rate",
        "days on which a node's customers found too little of a SKU; passive holds the stock that costs least, and "
        "min-max with more of it has fewer of them too: the notes below tell how many, at what cost",
    ),
    Change(
        "replenishment cost",
        -0.20,
        "moving_usd_per_unit",
        "freight, duty and handling for each unit served; prices of kreen.yaml, of which many are assumptions",
    ),
    Change(
        "logistics cost",
        -0.20,
        "logistics_usd_per_unit",
        "all parts of cost but lost margin and backlog, for each unit served",
    ),
    Change(
        "replenishment response time",
        -0.30,
        "supply_response_days",
        "days from order to arrival for each unit shipped, transfers between sister warehouses left out; active may "
        "take faster ways, and pays for them",
    ),
    Change(
        "order response time",
        -0.30,
        "order_response_days",
        "days from a customer's order to delivery; the fastest option's delivery days are fixed by the network",
    ),
    Change(
        "operating efficiency",
        0.30,
        "units_served_per_logistics_usd",
        "taken as units served for each USD of logistics, the inverse of logistics cost and no finding of its own; the "
        "paper doesn't define it",
    ),
    Change(
        "inventory accuracy",
        0.20,
        "record_accuracy",
        "change, relative and not in points, of the share of nodes' SKUs whose record equals the stock; rates of "
        "errors, delay of bookings and counts are assumed",
        consequence=True,
    ),
    Change(
        "customers' satisfaction, 80 % to 90 %",
        0.125,
        "satisfaction",
        "a function of late, short and days to refund whose four figures are assumptions, one of them set so that "
        "passive comes to 80 %: docs/twin.md has it",
        consequence=True,
    ),
)


@dataclass(frozen=True)
class Level:
    """A claim on a figure as it stands in the paper's Germany."""

    claim: str
    paper: float
    figure: str
    unit: str
    assumption: str

    def rows(self, by_side: Mapping[str, Measured]) -> list[Row]:
        """One a side; the paper's figure is met where the interval is at or above it."""
        rows = []
        for side in (PASSIVE, ACTIVE):
            values = by_side[side].get(self.figure)
            claim, paper = f"{self.claim}, {side}", f"{self.paper:g} {self.unit}"
            if values is None:
                rows.append(row_of(claim, paper, None, NOT_HERE, f"no {self.figure} here; {self.assumption}"))
                continue
            found = [float(np.nanmean(values)), *mean_interval(values)]
            verdict = MET if found[1] >= self.paper else MISSED
            rows.append(row_of(claim, paper, found, verdict, self.assumption, unit=self.unit, figure=self.figure))
        return rows


LEVELS = (
    Level(
        "turnover of the German warehouse",
        6.0,
        "hamburg:inventory_turnover_per_year",
        "a year",
        "taken as at least; hamburg stands for it, and with a history by country Germany's demand is a proxy",
    ),
    Level(
        "transfers to the German warehouse",
        10.0,
        "hamburg:transfers_per_month",
        "a month",
        "taken as at least; days on which a lane from another node of ours ships to hamburg, head-haul included",
    ),
)


def twin_rows(by_side: Mapping[str, Measured]) -> list[Row]:
    """Of all claims that the twin can put to the test."""
    return [*(change.row(by_side) for change in CHANGES), *(row for level in LEVELS for row in level.rows(by_side))]


def reworded(rows: Sequence[Row]) -> list[Row]:
    """Of rows that were saved, those that the twin put to the test, each with what it hangs on as it is told now."""
    told = {change.claim: change.assumption for change in CHANGES}
    told |= {f"{level.claim}, {side}": level.assumption for level in LEVELS for side in (PASSIVE, ACTIVE)}
    return [
        row if row["measured"] is None else {**row, "assumption": told[row["claim"]]}
        for row in rows
        if row["claim"] in told
    ]


def open_rows() -> list[Row]:
    """Of the claims that nothing here can put to the test."""
    return [
        row_of(
            "matching orders, against hand matching",
            "+50 %",
            None,
            NOT_HERE,
            "nobody's hand matching was timed; against the nearest warehouse the cost is told by benchmarks/live.py",
        ),
        row_of(
            "data sampled every 100 ms",
            "100 ms",
            None,
            NOT_HERE,
            "how often a warehouse's sensors sample is theirs; what arrives is taken as it comes",
        ),
    ]


def verdict_of(change: list[float], paper: float) -> str:
    """Met where the whole interval is as good as the paper's figure or better."""
    value, low, high = change
    del value
    return MET if (high <= paper if paper < 0 else low >= paper) else MISSED


def percent(share: float) -> str:
    """A share as a change in percent."""
    return f"{100 * share:+.3g} %".replace("-", "−")


def row_of(
    claim: str,
    paper: str,
    found: list[float] | None,
    verdict: str,
    assumption: str,
    *,
    unit: str = "share",
    figure: str = "",
) -> Row:
    """A claim with what was found for it, `found` being the figure and the two ends of its interval."""
    value, low, high = found or (None, None, None)
    return {
        "claim": claim,
        "paper": paper,
        "measured": value,
        "measured_low": low,
        "measured_high": high,
        "unit": unit,
        "verdict": verdict,
        "assumption": assumption,
        "figure": figure,
    }
