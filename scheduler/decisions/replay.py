"""A decision made again from the log: the same inputs, and the same orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from entrepot.agents.inference import InferenceModule
from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.decisions.kept import plan_row
from entrepot.scheduler.decisions.plan import Plan, decided, unpacked
from entrepot.scheduler.mirror.records import recorded
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.port import Connection
from entrepot.scheduler.store.recovery import folded


@dataclass(frozen=True)
class Replayed:
    """What came of it."""

    plan: Plan
    same_inputs: bool  # every array that the policy was given, bit for bit
    same_orders: bool  # whole units, bit for bit
    differing: int  # cells of orders or held that differ


def replay(connection: Connection, places: Places, module: InferenceModule, name: str) -> Replayed:
    """Fold the events up to a plan's position anew, and decide again.

    Args:
        connection: to read the store with.
        places: of the network.
        module: that decided.
        name: of the plan.

    Raises:
        ConfigurationError: there is no such plan, or the network, zones or module are others.
    """
    context, position, inputs, orders = plan_row(connection, name)
    if module.versions.manifest_digest != context.manifest_digest:
        raise ConfigurationError(f"--policy: {module.versions.module} is not what decided, {context.module} is")
    if places.digest != context.places:
        raise ConfigurationError(
            "network, --zone or --skus: lanes, SKUs or zones are not those with which the plan was made; allowed: "
            "the same as `entrepot serve` was given"
        )
    again = decided(module, places, context, recorded(folded(connection, places, position), context.now))
    before = unpacked(orders)
    differing = int(np.sum((before["orders"] != again.orders) | (before["held"] != again.held)))
    return Replayed(again, again.inputs == inputs, differing == 0, differing)
