"""Shape of the neural policy."""

from __future__ import annotations

from dataclasses import dataclass

OPENING_TRUST = (-1.0, 1.5, -1.0)
"""As logits, in the last 28 days, the last 91, and the long run: 7, 86 and 7 %; where an untrained policy starts."""
GIVEN, WORKED_OUT = "given", "worked_out"
"""Where base covers are from: the network's attributes, such as a tuned base stock's, or the policy's own formula."""
RELU, SILU = "relu", "silu"
"""Between layers: the cheaper, and the one whose units always learn (Elfwing, Uchibe and Doya 2018, 'Sigmoid-weighted
linear units'). On a network of one or a few cells most inputs never change, so that many a rectifier never opens."""

AVERAGES, WEEKS = "averages", "weeks"
"""What is remembered of demand: weighted averages over 7, 28 and 91 days; or with them each of the last 13 weeks."""


@dataclass(frozen=True)
class NeuralPolicySettings:
    """Widths of the layers, whether cells see their node's and SKU's means, opening trust; the rest by name."""

    cell_width: int = 64
    lane_width: int = 32
    pool_context: bool = True
    opening_trust: tuple[float, float, float] = OPENING_TRUST
    head: str = "cover"
    covers: str = GIVEN
    activation: str = RELU
    demand_memory: str = AVERAGES
