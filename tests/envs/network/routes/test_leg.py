from datetime import date

import pytest

from entrepot.envs.network.description import Mode
from entrepot.envs.network.routes import Goods, Leg
from entrepot.envs.network.routes.description import LegPrice


def leg(price: LegPrice, weekdays: tuple[int, ...] = (2, 5)) -> Leg:
    return Leg("a", "b", Mode.SEA, 1000.0, 17, weekdays, 3, 2, 1e12, 67.0, price, 0.0127)


def test_goods_catch_the_first_departure_after_the_cut_off() -> None:
    monday = date(2026, 11, 23).toordinal()
    assert leg(LegPrice()).departure(monday) == date(2026, 11, 28).toordinal()  # Thursday at the earliest: Saturday's
    assert leg(LegPrice()).departure(monday - 1) == date(2026, 11, 25).toordinal()  # Wednesday's, just
    assert leg(LegPrice()).arrival(monday) == monday + 19
    assert [leg(LegPrice()).departs_on(monday + day) for day in range(7)] == [day in (2, 5) for day in range(7)]


@pytest.mark.parametrize(
    ("m3", "usd"),
    [
        (10.0, 75 + 820),  # loose
        (40.0, 75 + 2987),  # a container that isn't full
        (70.0, 75 + 2987 + 3 * 82),  # a full one and the rest loose
        (120.0, 75 + 2 * 2987),
        (0.0, 0.0),
    ],
)
def test_a_departure_costs_the_cheapest_mix_of_containers_and_loose_goods(m3: float, usd: float) -> None:
    price = LegPrice(per_m3=82, per_container=2987, per_shipment=75)
    assert leg(price).usd(Goods(m3, 200 * m3)) == pytest.approx(usd)


def test_dense_and_bulky_goods_share_chargeable_mass() -> None:
    flight = leg(LegPrice(per_chargeable_kg=5.7))
    bulky, dense = Goods(10.0, 500.0), Goods(1.0, 900.0)
    assert flight.usd(bulky) == pytest.approx(5.7 * 1670)
    assert flight.usd(bulky + dense) == pytest.approx(5.7 * 167 * 11)
    assert flight.usd(bulky + dense) < flight.usd(bulky) + flight.usd(dense)


def test_co2e_is_mass_times_distance() -> None:
    assert leg(LegPrice()).kg_co2e(Goods(5.0, 2000.0)) == pytest.approx(0.0127 * 2 * 1000)
