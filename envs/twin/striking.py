"""A share of the stock is lost before the day begins: a fire."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from entrepot.envs.twin.scenario import Day
from entrepot.envs.twin.state import State


def struck(state: State, day: Day, *, whole_units: bool) -> tuple[State, Tensor | None]:
    """The state without what is destroyed, and that, [B, N, S] units; None where nothing is.

    Args:
        state: at the start of the day.
        day: of the scenario.
        whole_units: whether to keep whole units; what is lost is then rounded down at each shelf and dock.
    """
    if not day.stock_is_lost or day.stock_lost is None:
        return state, None
    share = day.stock_lost.unsqueeze(-1)
    of_shelves, of_dock = state.on_hand * share, state.dock * share
    if whole_units:
        of_shelves, of_dock = torch.floor(of_shelves), torch.floor(of_dock)
    left = replace(state, on_hand=state.on_hand - of_shelves, dock=state.dock - of_dock)
    if state.records is not None:
        left = replace(left, records=state.records.without(of_shelves, left.on_hand))
    return left, of_shelves + of_dock
