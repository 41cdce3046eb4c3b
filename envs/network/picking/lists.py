"""Pick lists drawn at random: lines by how often SKUs are picked, each from one of the SKU's positions."""

from __future__ import annotations

import numpy as np

from entrepot.envs.network.columns import Floats, Integers


def abc_curve(skus: int, *, first_fifth: float) -> Floats:
    """[S] share of lines that each SKU makes, most picked first.

    G(i) = iˢ, the share that the first i of all SKUs make together (Hausman, Schwarz and Graves 1976, "Optimal storage
    assignment in automatic warehousing systems").

    Args:
        skus: S.
        first_fifth: share of lines that the first fifth of SKUs makes; 0.2 where all are picked alike.
    """
    exponent = np.log(first_fifth) / np.log(0.2)
    return np.diff(np.linspace(0.0, 1.0, skus + 1) ** exponent)


def pick_lists(sku_at: Integers, lines_share: Floats, *, lists: int, lines: int, rng: np.random.Generator) -> Integers:
    """[Q, lines] positions. A line is a SKU by its share, picked from any of its positions alike.

    Args:
        sku_at: [P] the SKU that lies at each position, -1 where none does.
        lines_share: [S] share of lines; SKUs that lie nowhere are left out.
        lists: Q.
        lines: of each list.
        rng: random numbers.

    Raises:
        ValueError: nothing that is ever picked lies anywhere.
    """
    filled = np.flatnonzero(sku_at >= 0)
    skus = sku_at[filled]
    count = np.bincount(skus, minlength=len(lines_share))
    share = lines_share[skus] / count[skus]
    if not share.sum() > 0:
        raise ValueError("sku_at: no SKU that is picked lies anywhere; allowed: at least one")
    edges = np.cumsum(share)
    drawn = np.searchsorted(edges, rng.random((lists, lines)) * edges[-1], side="right")
    found: Integers = filled[np.minimum(drawn, len(filled) - 1)]
    return found
