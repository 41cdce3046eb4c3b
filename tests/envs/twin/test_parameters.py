"""Parameters have the YAML's names and the shapes that their fields declare; a new one takes three edits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.network.columns import Floats, gathered
from entrepot.envs.network.description import Lane, NonNegative
from entrepot.envs.twin import TwinParameters
from entrepot.envs.twin.parameters.tensors import Kind, compiled

ROUTE = {"origin": "a", "destination": "b", "mode": "sea"}


class LaneWithToll(Lane):
    """First edit: the YAML's key."""

    toll_usd: NonNegative = 0.0


@dataclass(frozen=True)
class TollArrays(Record):
    """Second edit: the array of the same name."""

    toll_usd: Annotated[Floats, Axes("L")]
    transit_days: Annotated[Floats, Axes("L")]


@dataclass(frozen=True)
class TollParameters(Record):
    """Third edit: the twin's tensor of the same name, in the shape that a step multiplies by."""

    toll_usd: Annotated[Tensor, Axes("L1", shared_by_skus=True)]


def test_a_new_lane_parameter_needs_a_key_an_array_and_a_tensor_of_one_name_and_nothing_else() -> None:
    lanes = [
        LaneWithToll.model_validate(ROUTE | {"transit": {"days": days}, "toll_usd": toll})
        for days, toll in ((3, 1.5), (5, 0.0))
    ]
    arrays = gathered(TollArrays, lanes)
    assert arrays.transit_days.tolist() == [3, 5]
    assert compiled(TollParameters, arrays, Kind()).toll_usd.tolist() == [[1.5], [0.0]]


def test_a_field_that_is_neither_a_key_nor_derived_is_refused() -> None:
    lane = Lane.model_validate(ROUTE | {"transit": {"days": 1}})
    with pytest.raises(AttributeError, match="Lane has no key 'toll_usd'; it has origin, destination, mode"):
        gathered(TollArrays, [lane])


@pytest.mark.parametrize("name", ["kreen", "kreen_eight", "two_warehouses"])
def test_every_array_and_tensor_has_the_axes_that_its_field_declares(name: str) -> None:
    arrays = NetworkArrays.from_description(load_network(name))
    sizes = TwinParameters.from_arrays(arrays).sizes()
    assert all(sizes[axis] == size for axis, size in arrays.sizes().items() if axis in sizes)
    assert (sizes["N"], sizes["L"], sizes["S"]) == (len(arrays.nodes), len(arrays.lanes), len(arrays.skus))
