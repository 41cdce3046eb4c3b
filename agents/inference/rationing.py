"""Sharing what is scarce, in proportion to what was asked and in whole packs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]

ROUNDING = 1e-6
"""Added before rounding down, so that 2.9999999 packs are 3; never lets a load exceed its limit by more."""


def within(packs: Floats, load: Floats, limit: Floats) -> Floats:
    """Scale all items alike so that their load fits a limit; what rounding down leaves free goes to the first in line.

    Args:
        packs: [..., I] whole packs asked of I items.
        load: [I] load of a pack; an item whose load is 0 is not cut.
        limit: [...] the most load.

    Returns:
        [..., I] whole packs, nowhere above `packs`.
    """
    total = (packs * load).sum(axis=-1)
    over = total > limit
    if not over.any():
        return packs
    bound = np.broadcast_to(np.maximum(limit, 0.0), total.shape)
    share = np.divide(bound, total, out=np.ones_like(total), where=over)[..., None]
    whole = np.where(over[..., None] & (load > 0), np.floor(packs * share), packs)
    left = (bound - (whole * load).sum(axis=-1))[..., None]
    waiting = packs - whole
    ahead = (waiting * load).cumsum(axis=-1) - waiting * load
    extra = np.floor(np.maximum(left - ahead, 0.0) / np.where(load > 0, load, 1.0))
    return np.asarray(whole + np.minimum(extra, waiting))


def split(packs: Floats, available: Floats) -> Floats:
    """Share what an origin has among the lanes that ask it, SKU by SKU.

    Rounding the running sum keeps the total: what one lane loses to rounding the next one gains.

    Args:
        packs: [B, G, S] whole packs asked on G lanes.
        available: [B, S] whole packs that the origin has.

    Returns:
        [B, G, S] whole packs, nowhere above `packs`; their sum over lanes is the lesser of asked and available.
    """
    total = packs.sum(axis=1)
    if (total <= available).all():
        return packs
    given = np.minimum(total, available)
    share = np.divide(given, total, out=np.ones_like(total), where=total > 0)
    running = np.minimum(np.floor(packs.cumsum(axis=1) * share[:, None] + ROUNDING), given[:, None])
    return np.asarray(np.minimum(np.diff(running, axis=1, prepend=0.0), packs))
