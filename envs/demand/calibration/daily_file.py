"""A history as daily sales by market and SKU, in the columns that records of sales have."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from entrepot.configs.files import write_atomically
from entrepot.envs.demand.calibration.traces import Traces, whole_units
from entrepot.envs.snapshot import calendar


def write_daily_sales(path: Path, traces: Traces, skus: Sequence[str]) -> int:
    """Write a row for each day, SKU and market that sold something.

    Args:
        path: of the CSV: date, sku, market, units.
        traces: of the history.
        skus: the network's, in its order; joined by rank, the first is the best-selling one.

    Returns:
        How many rows were written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("date", "sku", "market", "units"))
    chance, written = np.random.default_rng(0), 0
    dates = [calendar.iso(int(day)) for day in traces.days]
    for market, units in zip(traces.markets, traces.units, strict=True):
        whole = whole_units(units[:, : len(skus)], chance).astype(np.int64)
        day, sku = np.nonzero(whole)
        writer.writerows(
            (dates[d], skus[s], market, sold)
            for d, s, sold in zip(day.tolist(), sku.tolist(), whole[day, sku].tolist(), strict=True)
        )
        written += len(day)
    write_atomically(path, text.getvalue())
    return written
