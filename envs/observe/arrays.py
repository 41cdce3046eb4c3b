"""Snapshots and networks in the form that goes over the seam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.snapshot.schema import (
    NETWORK_FIELDS,
    SNAPSHOT_FIELDS,
    UNIT_NETWORK_FIELDS,
    UNIT_SNAPSHOT_FIELDS,
    Field,
)


def network_arrays(attributes: NetworkAttributes) -> dict[str, NDArray[Any]]:
    """Arrays keyed as in `NETWORK_FIELDS` and, where equipment wears, `UNIT_NETWORK_FIELDS`."""
    units = {} if attributes.units is None else _arrays(attributes.units, UNIT_NETWORK_FIELDS)
    return _arrays(attributes, NETWORK_FIELDS) | units


def snapshot_arrays(snapshot: Snapshot) -> dict[str, NDArray[Any]]:
    """Arrays keyed as in `SNAPSHOT_FIELDS` and, where equipment wears, `UNIT_SNAPSHOT_FIELDS`, of B environments.

    Raises:
        ValueError: the snapshot was made for someone who does not read its pipeline.
    """
    episodes = snapshot.on_hand.shape[0]
    arrays = {}
    worn = UNIT_SNAPSHOT_FIELDS if snapshot.unit_age_hours is not None else {}
    for name in (*SNAPSHOT_FIELDS, *worn):
        value = getattr(snapshot, name)
        # What is the same in all environments may have a batch axis of 1.
        arrays[name] = value.detach().expand(episodes, *value.shape[1:]).contiguous().cpu().numpy().copy()
    return arrays


def _arrays(record: Any, fields: Mapping[str, Field]) -> dict[str, NDArray[Any]]:
    return {name: field.array(getattr(record, name).detach().cpu().numpy()) for name, field in fields.items()}
