"""Whether anything works at less than its usual capacity: that can bind even where the capacity is unlimited.

On an accelerator, where to look means to wait for the device, the answer is always yes.
"""

from __future__ import annotations

from torch import Tensor


def impaired(share: Tensor) -> bool:
    """Of shares of the usual capacity."""
    return share.device.type != "cpu" or bool((share < 1.0).any())


def impaired_days(share: Tensor) -> list[bool]:
    """For each of T days, of [B, T, ...] shares of the usual capacity."""
    days = share.shape[1]
    if share.device.type != "cpu":
        return [True] * days
    # What is the same all along an axis is looked at once.
    distinct = share[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in share.stride())]
    by_day: list[bool] = (distinct < 1.0).transpose(0, 1).flatten(1).any(dim=1).expand(days).tolist()
    return by_day
