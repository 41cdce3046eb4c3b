"""Which stock is counted at the end of a day, by the network's plan. A cell is a node's stock of a SKU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from entrepot.envs.network.records.description import CountPlan
from entrepot.envs.twin.few import compared, places
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.parameters.records import RecordParameters
from entrepot.envs.twin.rationing import SMALLEST

if TYPE_CHECKING:  # it needs the state, of which records are a part
    from entrepot.envs.twin.serving import Served

RATE_DAYS = 91
"""A cell's rate of sales is weighted over so many days."""
LEAST_UNITS = 1e-3
"""Less than this is nothing."""


def due_by_calendar(parameters: TwinParameters, uncounted: Tensor, rate: Tensor | None) -> Tensor:
    """[k] cells that were counted long enough ago.

    Args:
        parameters: of the network.
        uncounted: [N, B, S] days since each cell was counted.
        rate: [N, B, S] units a day that each cell sold, where the days between counts hang on turnover.
    """
    records = parameters.records
    assert records is not None
    if records.plan is CountPlan.YEARLY:
        return places(compared(uncounted) >= records.yearly_days)
    assert rate is not None
    return places(compared(uncounted) >= compared(_class_days(records, rate * parameters.sku.unit_value_usd)))


def suspicious(
    parameters: TwinParameters, served: Served, recorded: Tensor, wanted: Tensor, *, rate: Tensor, quiet: Tensor
) -> Tensor:
    """[k] cells whose record is doubted: a pick failed, or Poisson sales would hardly ever stay away for so long.

    Args:
        parameters: of the network.
        served: of the day.
        recorded: [N, B, S] units.
        wanted: [M, B, S] units that customers asked for or waited for.
        rate: [N, B, S] units a day that each cell sold.
        quiet: [N, B, S] days without a sale.
    """
    records = parameters.records
    assert records is not None
    something = compared(recorded) > LEAST_UNITS
    doubted = (compared(quiet * rate) >= records.suspicious_sales) & something
    empty = places((compared(served.on_hand) <= LEAST_UNITS) & something & ~doubted)
    return torch.cat([places(doubted), _asked_in_vain(parameters, served, empty, wanted)])


def _asked_in_vain(parameters: TwinParameters, served: Served, cells: Tensor, wanted: Tensor) -> Tensor:
    """Those of [k] cells where somebody asked for more than could be found."""
    option, columns = parameters.option, wanted[0].numel()
    # At most of them nobody asked at all.
    at_node = option.markets_at.index_select(0, cells // columns).t() * columns + cells % columns
    cells = cells[(wanted.detach().take(at_node) > 0).any(dim=0)]
    if not cells.numel():
        return cells
    node, column = cells // columns, cells % columns
    given = option.in_ranks(_in_columns(served.by_option, column))  # [R, M, k]
    asked = _in_columns(wanted, column)  # [M, k]
    unmet = (asked - given.cumsum(dim=0)).clamp_(min=0.0)
    served_here = option.at_node.index_select(1, node).transpose(1, 2)  # [R, M, k]
    return cells[(unmet * served_here).sum(dim=(0, 1)) > LEAST_UNITS]


def _in_columns(units: Tensor, column: Tensor) -> Tensor:
    """[G, k] of [G, B, S], at [k] places of the flattened B and S; without gradient."""
    first = torch.arange(len(units), device=units.device)[:, None] * units[0].numel()
    return units.detach().take(first + column)


def _class_days(records: RecordParameters, turnover: Tensor) -> Tensor:
    """[N, B, S] days between counts by class: of a node's SKUs by turnover, how much of it is ahead of each."""
    best_first = turnover.sort(dim=-1, descending=True, stable=True)
    total = best_first.values.sum(dim=-1, keepdim=True).clamp(min=SMALLEST)
    ahead = (best_first.values.cumsum(dim=-1) - best_first.values) / total
    place = (ahead.unsqueeze(-1) >= ahead.new_tensor(records.class_shares)).sum(dim=-1)
    place = torch.where(best_first.values > 0, place, len(records.class_shares))
    days = turnover.new_tensor(records.class_days)[place]
    return torch.empty_like(days).scatter(-1, best_first.indices, days)
