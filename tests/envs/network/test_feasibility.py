from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from entrepot.configs.core_schema import parse
from entrepot.envs.demand import load_demand
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.network.feasibility import NetworkWarning, warnings_of
from entrepot.envs.network.loading import network_from

SMALL = """
name: small
nodes:
  hub: {country: CN, latitude: 22.5, longitude: 114.1}
  west: {country: US, latitude: 33.9, longitude: -118.2}
suppliers:
  plant: {country: CN, latitude: 23.1, longitude: 113.3, production_days: 10}
  other: {country: CN, latitude: 23.1, longitude: 113.3}
markets:
  shop: {country: US, channel: web, options: [{node: west, days: 3}]}
lanes:
  - {origin: plant, destination: hub, mode: truck, transit: {days: 1}, price: {per_m3: 6}}
  - {origin: other, destination: hub, mode: truck, transit: {days: 1}, price: {per_m3: 6}}
  - {origin: hub, destination: west, mode: sea, transit: {days: 21}, price: {per_m3: 100}}
skus:
  grinder: {unit_value_usd: 40, price_usd: 120, volume_m3: 0.02, weight_kg: 4, suppliers: [plant]}
  filter: {unit_value_usd: 1, price_usd: 4, volume_m3: 0.0005, weight_kg: 0.1, suppliers: [other]}
"""


def small(**changes: Any) -> dict[str, Any]:
    """The small network, with values put at places such as `nodes.hub.capacity_m3`, written with `__`."""
    content: dict[str, Any] = parse(SMALL, "small.yaml")
    for place, value in changes.items():
        at: Any = content
        *path, last = place.split("__")
        for key in path:
            at = at[int(key) if isinstance(at, list) else key]
        at[last] = value
    return content


def told(content: Mapping[str, Any], *, days: int | None = None, units: float | None = 5.0) -> list[NetworkWarning]:
    network = network_from(content, source="small.yaml")
    arrays = NetworkArrays.from_description(network)
    rate = None if units is None else np.full((len(arrays.markets), len(arrays.skus)), units)
    return warnings_of(network, arrays, units_per_day=rate, days=days)


def test_a_sound_network_has_no_warnings() -> None:
    assert told(small(), days=180) == []


@pytest.mark.parametrize("name", ["kreen", "kreen_eight", "two_warehouses"])
def test_nor_with_the_demand_that_ships(name: str) -> None:
    network = load_network(name)
    arrays = NetworkArrays.from_description(network)
    rate = load_demand("calibrated", arrays).mean_units_per_day
    assert warnings_of(network, arrays, units_per_day=rate, days=180) == []


NOWHERE: dict[str, Any] = {"suppliers__far": {"country": "CN", "latitude": 1, "longitude": 1}}
ALONE: dict[str, Any] = {"nodes__alone": {"country": "US", "latitude": 1, "longitude": 1}}


@pytest.mark.parametrize(
    ("changes", "kinds", "said"),
    [
        ({**NOWHERE, "skus__filter__suppliers": ["far"]}, {"unsupplied_sku", "empty_lane"}, "filter"),
        ({"suppliers__plant__minimum_order_units": 5000}, {"minimum_never_reached"}, "1,000 days for grinder"),
        ({"skus__grinder__price_usd": 41}, {"price_below_cost"}, "grinder for 41.00 USD, which costs 42.12 USD"),
        ({"nodes__west__capacity_m3": 0.6}, {"small_node"}, "0.6 m³ are less than a week of the demand"),
        ({"nodes__west__dock_m3_per_day": 0.1}, {"narrow_way"}, "dock_m3_per_day is 0.10"),
        ({"lanes__2__capacity_m3_per_day": 0.1}, {"narrow_way"}, "all lanes to it is 0.10"),
        ({"lanes__2__capacity_m3_per_day": 0.0001}, {"narrow_lane", "narrow_way"}, "never departs"),
        ({"nodes__west__picking_units_per_day": 9}, {"slow_picking"}, "pick 9.0 units a day at most, and 10.0"),
        ({"suppliers__plant__capacity_units_per_day": 4}, {"slow_supplier"}, "4.0, and 5.0 units a day"),
        (ALONE, {"unreached_node", "idle_node"}, "alone"),
    ],
)
def test_what_is_hopeless_in_fact_is_told_with_place_and_figures(
    changes: dict[str, Any], kinds: set[str], said: str
) -> None:
    warnings = told(small(**changes))
    assert {warning.kind for warning in warnings} == kinds
    assert any(said in str(warning) for warning in warnings)
    assert all("\n" not in str(warning) and warning.advice for warning in warnings)


def test_a_sku_that_reaches_one_market_only_is_told_of_the_other() -> None:
    content = small(
        markets__east={"country": "CN", "channel": "web", "options": [{"node": "depot"}]},
        nodes__depot={"country": "CN", "latitude": 1, "longitude": 1},
    )
    content["lanes"].append({"origin": "plant", "destination": "depot", "mode": "truck", "transit": {"days": 1}})
    (warning,) = told(content)
    assert (warning.where, warning.names) == ("markets.east", ("filter",))


def test_a_horizon_is_set_beside_the_lead_times() -> None:
    (warning,) = told(small(), days=15)
    assert warning.kind == "short_horizon"
    assert warning.figures["lead_days"] == 21
    assert told(small(), days=22) == []


def test_without_demand_nothing_is_said_of_capacities() -> None:
    assert told(small(nodes__west__capacity_m3=0.6), units=None) == []


def test_what_nobody_asks_for_has_no_minimum_to_reach() -> None:
    assert told(small(suppliers__plant__minimum_order_units=5000), units=0.0) == []
