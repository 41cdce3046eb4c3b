"""A bound on what any answer must cost, and nodes that no better answer can use.

Lagrangian relaxation of "each line gets its units" with a price a line (Geoffrion 1974; for facility location Beasley
1993). What is left falls apart by node: one ships if its fixed cost is less than what it gains on the lines at their
prices. Any prices give a bound; the best ones give that of the linear relaxation. A node whose gain is further from 0
than the bound from a known answer ships in none that is better, so leaving it out loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from entrepot.scheduler.allocation.problem import Booleans, Floats, Problem

STEPS = 300
PATIENCE = 15
"""Steps without a better bound after which they are halved."""


@dataclass(frozen=True)
class Bound:
    """What was found."""

    usd: float  # no answer costs less
    gain: Floats  # [W] USD, fixed cost less gains at the best prices; below 0 where a node would ship
    seen: list[Booleans]  # sets of nodes that were best at some prices, for a search to begin with


def bounded(problem: Problem, known_usd: float, steps: int = STEPS) -> Bound:
    """Improve prices by subgradients, with steps after Polyak towards the cost of a known answer.

    Args:
        problem: to be bounded.
        known_usd: of some answer.
        steps: at most.
    """
    caps, usd, units, fixed = problem.caps, problem.usd, problem.units, problem.shipment_usd
    fastest = np.where(caps > 0, usd, np.inf).min(axis=1, initial=np.inf)
    prices = np.where(np.isfinite(fastest), fastest, 0.0) + fixed.mean() / max(len(units), 1)
    best, best_gain, seen, share, since = -np.inf, fixed.copy(), [], 1.0, 0
    for step in range(steps):
        margin = usd - prices[:, None]
        gained = caps * np.minimum(margin, 0.0)
        gain = fixed + gained.sum(axis=0)
        ships = gain < 0
        total = float(prices @ units + gain[ships].sum())
        if total > best:
            best, best_gain, since = total, gain, 0
        else:
            since += 1
            if since >= PATIENCE:
                share, since = share / 2, 0
        if step % 20 == 0:
            seen.append(ships)
        missing = units - ((margin < 0) * caps) @ ships
        steepness = float(missing @ missing)
        if steepness <= 1e-12 or known_usd - best <= 1e-9 * max(abs(known_usd), 1.0) or share < 1e-4:
            break
        prices = prices + share * (known_usd - total + 1e-9) / steepness * missing
    return Bound(best, best_gain, seen)


def may_ship(bound: Bound, known_usd: float) -> Booleans:
    """[W] nodes that some answer better than a known one may use."""
    return bound.usd + np.maximum(bound.gain, 0.0) < known_usd
