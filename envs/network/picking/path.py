"""An S-shape tour as a line through the aisles, to be drawn."""

from __future__ import annotations

import numpy as np

from entrepot.envs.network.columns import Floats, Integers
from entrepot.envs.network.layout.positions import Positions


def s_shape_path(positions: Positions, chosen: Integers) -> Floats:
    """[corners, 2] x and y of a tour from the depot and back; as long as `s_shape` says.

    Args:
        positions: of the warehouse.
        chosen: [lines] positions of one pick list.
    """
    aisles = np.unique(positions.aisle[chosen])
    corners = [(positions.depot_x, 0.0)]
    at_front = True
    for aisle in aisles:
        x = float(positions.aisle_x[aisle])
        end = 0.0 if at_front else positions.aisle_m
        corners.append((x, end))
        if aisle == aisles[-1] and at_front:
            corners += [(x, float(positions.y[chosen][positions.aisle[chosen] == aisle].max())), (x, 0.0)]
        else:
            corners.append((x, positions.aisle_m - end))
            at_front = not at_front
    corners.append((positions.depot_x, 0.0))
    return np.array(corners)
