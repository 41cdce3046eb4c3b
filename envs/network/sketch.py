"""A network's YAML to start from, of a few answers: figures that nobody gave are marked assumptions in the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from entrepot.configs.core_schema import parse
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.distance import DETOUR, great_circle_km
from entrepot.envs.network.feasibility import warnings_of
from entrepot.envs.network.loading import network_from

NAME = re.compile(r"[a-z][a-z0-9_]*")
RESERVED = {"null", "true", "false"}
OVERLAND_KM = 3000.0
"""Places of one continent that are no further apart are joined by truck, others by ship and aircraft."""
LOWEST_DAYS, KM_PER_DAY = {"truck": 1, "sea": 4, "air": 5}, {"truck": 600.0, "sea": 500.0, "air": 12_000.0}
SEEDS = 50
ASIA, EUROPE, AMERICA, AFRICA, OCEANIA = range(5)

SeaKm = Callable[[tuple[float, float], tuple[float, float]], float]
"""Kilometres by sea between two places, each longitude and latitude."""


@dataclass(frozen=True)
class Place:
    """Where something is."""

    name: str
    country: str
    longitude: float
    latitude: float
    guessed: bool = False  # the middle of the country

    @property
    def at(self) -> tuple[float, float]:
        """Longitude and latitude."""
        return self.longitude, self.latitude


@dataclass(frozen=True)
class Answers:
    """What is known of a network that is to be written down."""

    name: str
    warehouses: Sequence[Place]  # the first supplier's goods go to the one nearest to it
    suppliers: Sequence[Place]
    markets: Sequence[Place]
    skus: int = 32
    sea_km: SeaKm | None = field(default=None, repr=False)


def place_from(text: str, key: str, middles: dict[str, tuple[float, float]]) -> Place:
    """A place as people write it: `NAME:COUNTRY` or `NAME:COUNTRY:LATITUDE,LONGITUDE`.

    Args:
        text: what stands there.
        key: the option to name in an error.
        middles: longitude and latitude of each country's middle, which stands for a place of no known position.

    Raises:
        ConfigurationError: it can't be read.
    """
    allowed = "allowed: NAME:COUNTRY or NAME:COUNTRY:LATITUDE,LONGITUDE, such as hamburg:DE:53.5,10.0"
    name, _, rest = (part.strip() for part in text.partition(":"))
    country, _, position = (part.strip() for part in rest.partition(":"))
    country = country.upper()
    check_name(name, key)
    if not re.fullmatch("[A-Z]{2}", country):
        raise ConfigurationError(f"{key}: {text!r}; {allowed}")
    if not position:
        if country not in middles:
            raise ConfigurationError(f"{key}: {text!r}: no middle of {country!r} is known; {allowed}")
        return Place(name, country, *middles[country], guessed=True)
    try:
        latitude, longitude = (float(part) for part in position.split(","))
    except ValueError as error:
        raise ConfigurationError(f"{key}: {text!r}; {allowed}") from error
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ConfigurationError(f"{key}: {text!r}: latitude −90 to 90 comes first, then longitude −180 to 180")
    return Place(name, country, longitude, latitude)


def places_from(text: str, key: str, middles: dict[str, tuple[float, float]]) -> list[Place]:
    """Several places, with semicolons or spaces between; see `place_from`.

    Raises:
        ConfigurationError: one of them can't be read.
    """
    return [place_from(part, key, middles) for part in re.split(r"[;\s]+", text.strip()) if part]


def check_name(name: str, key: str) -> None:
    """A name that every reader of YAML takes for one.

    Raises:
        ConfigurationError: it is not.
    """
    if not NAME.fullmatch(name) or name in RESERVED:
        raise ConfigurationError(f"{key}: {name!r}; allowed: small letters, digits and _, a letter first")


def network_yaml(answers: Answers) -> str:
    """The text of a network's YAML, which loads as it stands.

    The assortment is drawn so that each supplier has something to make and nothing sells below its cost, as far as
    `SEEDS` draws go.

    Raises:
        ConfigurationError: two places have one name, or there is no warehouse, supplier or market, or fewer SKUs than
            suppliers.
    """
    _refuse(answers)
    for seed in range(1, SEEDS + 1):
        text = _written(answers, seed)
        network = network_from(parse(text, answers.name), source=answers.name)
        if not warnings_of(network, NetworkArrays.from_description(network)):
            break
    return text


def _written(answers: Answers, seed: int) -> str:
    lines = [
        f"# {answers.name}: a start, to be corrected. What is marked (assumption) nobody said: put in what you know.",
        "# All keys, with their units: docs/network.md. Money in USD, volume in m³, distance in km, time in days.",
        f"name: {answers.name}",
        "capital_share_per_year: 0.15      # what a dollar tied up in stock costs (assumption)",
        "",
        "nodes:",
        *(line for place in answers.warehouses for line in _warehouse(place)),
        "",
        "suppliers:",
        *(line for place in answers.suppliers for line in _supplier(place)),
        "",
        "# Markets are served from the nearest warehouse that has the goods; what others cost more is an assumption.",
        "markets:",
        *(line for market in answers.markets for line in _market(market, answers.warehouses)),
        "",
        "# Days, departures, lateness and prices of all lanes are assumptions. A truck's way is 1.3 times the straight",
        "# one, an aircraft's 1.09 times; a ship's is " + _ships(answers) + ".",
        "lanes:",
        *_lanes(answers),
        "",
        "# In place of a catalogue, list your own SKUs: skus: {kettle: {unit_value_usd: 8, price_usd: 24, …}}",
        "catalogue:",
        f"  count: {answers.skus}",
        f"  seed: {seed:<25} # of the draw: the same number gives the same assortment",
        "  unit_value_usd: 8               # the median (assumption)",
        "  unit_value_log_deviation: 0.4   # (assumption)",
        "  markup: 3                       # price over value, net of fees and ordinary delivery (assumption)",
        "  volume_m3: 0.003                # the median (assumption)",
        "  volume_log_deviation: 0.4       # (assumption)",
        "  density_kg_per_m3: 200          # (assumption)",
        f"  supplier_shares: {{{', '.join(f'{place.name}: 1' for place in answers.suppliers)}}}   # (assumption)",
    ]
    return "\n".join(lines) + "\n"


def _refuse(answers: Answers) -> None:
    for key, places in (
        ("warehouse", answers.warehouses),
        ("supplier", answers.suppliers),
        ("market", answers.markets),
    ):
        if not places:
            raise ConfigurationError(f"--{key}: none; at least one is needed")
    if answers.skus < len(answers.suppliers):
        raise ConfigurationError(f"--skus: {answers.skus}; allowed: at least one for each supplier")
    names = [place.name for place in (*answers.warehouses, *answers.suppliers)]
    markets = [place.name for place in answers.markets]
    for name in [name for some in (names, markets) for name in some if some.count(name) > 1]:
        raise ConfigurationError(f"name: {name!r} stands twice; allowed: one place a name")


def _warehouse(place: Place) -> Iterator[str]:
    yield f"  {place.name}:"
    yield f"    country: {place.country}"
    yield from _position(place)
    yield "    storage_usd_per_m3_day: 0.5     # (assumption)"
    yield "    inbound_usd_per_unit: 0.1       # (assumption)"
    yield "    # capacity_m3, dock_m3_per_day, picking_units_per_day: without limit until they are given (assumption)"


def _supplier(place: Place) -> Iterator[str]:
    yield f"  {place.name}:"
    yield f"    country: {place.country}"
    yield from _position(place)
    yield "    production_days: 10             # (assumption)"


def _position(place: Place) -> Iterator[str]:
    note = f"   # the middle of {place.country} (assumption)" if place.guessed else ""
    yield f"    latitude: {place.latitude:g}{note}"
    yield f"    longitude: {place.longitude:g}{note}"


def _market(market: Place, warehouses: Sequence[Place]) -> Iterator[str]:
    yield f"  {market.name}:"
    yield f"    country: {market.country}"
    yield "    channel: own_site               # (assumption)"
    yield "    options:                        # what each costs beyond the first, and its days, are assumptions"
    ranked = sorted(warehouses, key=lambda place: (place.country != market.country, great_circle_km(place, market)))
    for rank, place in enumerate(ranked):
        km = great_circle_km(place, market)
        more = 0 if rank == 0 else 2 * rank + round(km / 2000)
        yield f"      - {{node: {place.name}, usd_per_unit: {more}, days: {3 + round(km / 1000)}}}"
    yield "    backlog_share: 0.3              # of those who find nothing, so many wait (assumption)"
    yield "    backlog_usd_per_unit_day: 0.1   # (assumption)"
    yield "    returns: {share: 0.08, median_days: 13, log_deviation: 1.2}   # (assumption)"


def _lanes(answers: Answers) -> Iterator[str]:
    """From each supplier to its nearest warehouse, and from there to every other warehouse."""
    hubs: dict[str, Place] = {}
    for supplier in answers.suppliers:
        near = min(
            answers.warehouses, key=lambda place: (place.country != supplier.country, great_circle_km(supplier, place))
        )
        hubs.setdefault(near.name, near)
        yield f"  # {supplier.name} to the warehouse nearest to it"
        yield from _ways(supplier, near, answers.sea_km)
    for hub in hubs.values():
        for place in answers.warehouses:
            if place.name != hub.name:
                yield f"  # {hub.name} to {place.name}"
                yield from _ways(hub, place, answers.sea_km)


def _ways(begin: Place, end: Place, sea_km: SeaKm | None) -> Iterator[str]:
    straight = great_circle_km(begin, end)
    if begin.country == end.country or (straight <= OVERLAND_KM and _continent(begin) == _continent(end)):
        km = DETOUR["truck"] * straight
        yield from _lane(begin, end, "truck", km, "[mon, tue, wed, thu, fri]", 0.1, 2, _truck_price(km), 0.126)
        return
    km = DETOUR["sea"] * straight if sea_km is None else sea_km(begin.at, end.at)
    yield from _lane(begin, end, "sea", km, "[wed]", 0.47, 5.5, "{per_m3: 100, per_shipment: 60}", 0.0127)
    price = "{per_chargeable_kg: 5.7, per_shipment: 80}"
    yield from _lane(begin, end, "air", DETOUR["air"] * straight, "[mon, thu]", 0.15, 2, price, 0.54)


def _truck_price(km: float) -> str:
    return f"{{per_m3: {6 + 0.03 * km:.0f}, per_shipment: 40}}"


def _lane(
    begin: Place,
    end: Place,
    mode: str,
    km: float,
    departures: str,
    late: float,
    late_days: float,
    price: str,
    co2: float,
) -> Iterator[str]:
    days = max(LOWEST_DAYS[mode], round(km / KM_PER_DAY[mode]))
    abroad = ", duty_share: 0.03" if begin.country != end.country else ""
    yield f"  - {{origin: {begin.name}, destination: {end.name}, mode: {mode}, distance_km: {max(km, 1):.0f},"
    yield f"     transit: {{days: {days}, late_share: {late:g}, late_days: {late_days:g}}}, departures: {departures},"
    yield f"     price: {price}{abroad}, kg_co2e_per_tonne_km: {co2:g}}}   # (assumption)"


def _ships(answers: Answers) -> str:
    return "1.3 times that" if answers.sea_km is None else "measured on the map that `entrepot network show` draws"


def _continent(place: Place) -> int:
    """Roughly, by longitude and latitude: whether one can drive."""
    if place.longitude < -30:
        return AMERICA
    if place.latitude < -10 and place.longitude > 110:
        return OCEANIA
    if place.latitude < 35 and place.longitude < 52 and not (place.longitude > 35 and place.latitude > 12):
        return AFRICA
    return EUROPE if place.longitude < 40 else ASIA
