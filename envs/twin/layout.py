"""How tensors lie inside a step: entity first, [N, B, S], [M, B, S] or [L, B, S], and contiguous.

Sums over lanes, markets or nodes are then single matrix products over B·S columns. States and flows show the design's
order, [B, N, S], as views of the same memory.
"""

from __future__ import annotations

from torch import Tensor


def entity_first(units: Tensor) -> Tensor:
    """[B, N, S] to [N, B, S]; free for what an earlier step has made."""
    return units.transpose(0, 1).contiguous()
