from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from entrepot.envs.network import NetworkArrays, NetworkDescription
from entrepot.envs.network.description import Weekday
from entrepot.envs.snapshot.lanes import interval_days, order_days, wait_days
from tests.worlds.networks import networks


@settings(max_examples=8, deadline=None, derandomize=True, database=None)
@given(networks())
def test_an_order_leaves_on_the_lanes_next_departure_and_then_travels(network: NetworkDescription) -> None:
    arrays = NetworkArrays.from_description(network)
    weekdays = list(Weekday)
    for today in range(7):
        wait = wait_days(arrays, np.array([today]))[0]
        taken = order_days(arrays, np.array([today]))[0]
        for place, lane in enumerate(network.lanes):
            departures = {weekdays.index(day) for day in lane.departures}
            assert (today + wait[place]) % 7 in departures
            assert not {(today + day) % 7 for day in range(wait[place])} & departures
            made = network.suppliers[lane.origin].production_days if lane.origin in network.suppliers else 0
            assert taken[place] == max(wait[place] + made + lane.transit.days, 1)
            assert interval_days(arrays)[place] == 7 / len(departures)
