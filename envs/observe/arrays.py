"""Snapshots in the form that goes over the seam."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.snapshot.schema import SNAPSHOT_FIELDS


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
