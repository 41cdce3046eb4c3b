"""How far it is from place to place, where nobody says: the great circle, times a factor by mode."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Protocol

EARTH_RADIUS_KM = 6371.0
DETOUR = {"truck": 1.3, "rail": 1.3, "air": 1.09, "sea": 1.3}
"""Length of a way over the great circle's, where nothing better is known.

Air: flights as they are flown, from the reference data's calibration figures. The others are assumptions; at sea the
true factor runs from 1.0 across an ocean to 2.0 and more through Suez, so a ship's way had better be given.
"""


class Located(Protocol):
    """What stands at a latitude and longitude, in degrees."""

    @property
    def latitude(self) -> float:
        """North of the equator."""

    @property
    def longitude(self) -> float:
        """East of Greenwich."""


def great_circle_km(begin: Located, end: Located) -> float:
    """Along the great circle (the haversine formula)."""
    a, b = radians(begin.latitude), radians(end.latitude)
    turn = radians(end.longitude - begin.longitude)
    half = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(turn / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))
