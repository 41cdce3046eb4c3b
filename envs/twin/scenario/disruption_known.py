"""What is known of a disruption on each day: lanes that are shut, when they will be, and when they open again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.disruption.when import LONGEST_DAYS
from entrepot.envs.twin.scenario.disruption_lanes import Departures, Struck
from entrepot.envs.twin.scenario.disruption_spans import Spans

Floats = NDArray[np.float32]
FAR_DAYS = LONGEST_DAYS
"""Stands for never, and for nobody knows: the most days that a snapshot tells."""


def known_of_lanes(
    departures: Departures,
    shares: Sequence[tuple[Spans, NDArray[np.float64]]],
    extra: Sequence[tuple[Spans, NDArray[np.int64]]],
) -> dict[str, NDArray[Any]]:
    """Fields of the scenario, each [B, T, L].

    Args:
        departures: of the lanes.
        shares: of lanes' usual capacity [L] while an event lasts; a supplier that stands still shuts its lanes.
        extra: days on lanes [L] of what departs while an event lasts.
    """
    shape = departures.scheduled.shape
    found: dict[str, NDArray[Any]] = {}
    if shares:
        shut: list[Struck] = [(spans, share <= 0) for spans, share in shares if (share <= 0).any()]
        wait = departures.taking_place(shut, as_known=True) - departures.today
        found["known_lane_open"] = least_share(
            shape, [(spans.known_on(departures.days), share) for spans, share in shares]
        )
        found["known_lane_wait_days"] = np.minimum(wait, FAR_DAYS).astype(np.float32)
        found |= _ahead(departures, shut)
    if extra:
        days = np.zeros(shape, np.float32)
        for spans, more in extra:
            days += spans.known_on(departures.days)[..., None] * more
        found["known_lane_extra_days"] = days
    return found


def least_share(shape: tuple[int, ...], shares: Sequence[tuple[NDArray[np.bool_], NDArray[np.float64]]]) -> Floats:
    """[B, T, G] the least share of several events, 1 where there is none.

    Args:
        shape: B, T, G.
        shares: when [B, T], and of what is usual [G].
    """
    found = np.ones(shape, np.float32)
    for lasts, share in shares:
        touched = np.flatnonzero(share != 1)
        here = found[..., touched]
        found[..., touched] = np.where(lasts[..., None], np.minimum(here, share[touched]), here)
    return found


def _ahead(departures: Departures, shut: Sequence[Struck]) -> dict[str, NDArray[Any]]:
    """Days until each lane is shut, 0 where it is, and until it then opens again: of the first closure known of."""
    shape, today = departures.scheduled.shape, departures.today
    shuts, reopens = np.full(shape, FAR_DAYS, np.float32), np.zeros(shape, np.float32)
    for spans, struck in shut:
        lanes = np.flatnonzero(struck)
        for start, end, known in spans.occurrences(3):
            begins, over = np.maximum(start - today, 0), np.minimum(end - today, FAR_DAYS)
            over = over if spans.end_is_known else np.full_like(over, FAR_DAYS)
            there = (known <= today) & (end > today) & (begins < FAR_DAYS)
            before, after = shuts[..., lanes], reopens[..., lanes]
            first, same = there & (begins < before), there & (begins == before)
            shuts[..., lanes] = np.where(first, begins, before)
            reopens[..., lanes] = np.where(first, over, np.where(same, np.maximum(over, after), after))
    return {"lane_shuts_in_days": shuts, "lane_reopens_in_days": reopens}
