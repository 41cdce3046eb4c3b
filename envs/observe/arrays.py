"""Snapshots and networks in the form that goes over the seam."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.snapshot.schema import NETWORK_FIELDS, SNAPSHOT_FIELDS


def network_arrays(attributes: NetworkAttributes) -> dict[str, NDArray[Any]]:
    """Arrays keyed as in `NETWORK_FIELDS`."""
    return {
        name: field.array(getattr(attributes, name).detach().cpu().numpy()) for name, field in NETWORK_FIELDS.items()
    }


def snapshot_arrays(snapshot: Snapshot) -> dict[str, NDArray[Any]]:
    """Arrays keyed as in `SNAPSHOT_FIELDS`, of B environments.

    Raises:
        ValueError: the snapshot was made for someone who does not read its pipeline.
    """
    episodes = snapshot.on_hand.shape[0]
    arrays = {}
    for name in SNAPSHOT_FIELDS:
        value = getattr(snapshot, name)
        # What is the same in all environments may have a batch axis of 1.
        arrays[name] = value.detach().expand(episodes, *value.shape[1:]).contiguous().cpu().numpy().copy()
    return arrays
