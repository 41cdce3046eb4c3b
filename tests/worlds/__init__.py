"""Random networks with random states, scenarios and orders; and small ones made by hand."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, reject, settings
from hypothesis import strategies as st
from torch import Tensor

from entrepot.envs.axes import Record as BaseRecord
from entrepot.envs.decisions import Decisions
from entrepot.envs.network import NetworkArrays, NetworkDescription
from entrepot.envs.network.inside.warehouse import NoPlaceError
from entrepot.envs.snapshot.season import SEASON_ENTRIES
from entrepot.envs.twin import Costs, Day, Flows, Scenario, State, TwinParameters, opening_state, step
from entrepot.envs.twin.exchanging import ExchangeState
from entrepot.envs.twin.fba import OUTFLOW_DAYS, FbaState
from entrepot.envs.twin.lots import LotState
from entrepot.envs.twin.records import RecordState
from tests.worlds.networks import networks

MONDAY = 4
"""1970-01-05, in days since 1970-01-01."""

few = settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None
)


@dataclass(frozen=True)
class Record:
    """One day of a run."""

    before: State
    day: Day
    flows: Flows
    costs: Costs
    after: State


@dataclass(frozen=True, repr=False)
class World:
    """A network, where it starts, what happens to it and what is ordered."""

    arrays: NetworkArrays
    parameters: TwinParameters
    opening: State
    scenario: Scenario
    orders: Tensor  # [T, B, L, S]
    maintenance: Tensor | None = None  # [T, B, U]; None: by the network's own policy

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Keeps hypothesis from printing every tensor of a failing example."""
        printer.text(f"World({self.arrays.nodes}, {self.arrays.lanes}, {self.arrays.skus}, {self.parameters.dtype})")

    def run(self, *, whole_units: bool = True, overwrite: bool = False) -> list[Record]:
        """All days, from a copy of the opening state."""
        state = kept(self.opening)
        records = []
        for number, orders in enumerate(self.orders):
            day = self.scenario.at(number)
            before = kept(state) if overwrite else state
            decisions = Decisions(orders, None if self.maintenance is None else self.maintenance[number])
            state, flows, costs = step(
                self.parameters, state, decisions, day, whole_units=whole_units, overwrite=overwrite
            )
            records.append(Record(before, day, flows, costs, kept(state) if overwrite else state))
        return records


def tensors_of(record: BaseRecord) -> dict[str, Tensor]:
    """All tensors of a record and of those inside it, by field, with a dot between; what is None is left out.

    Of a tuple of records, the first and the last.
    """
    found: dict[str, Tensor] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, Tensor):
            found[field.name] = value
        elif isinstance(value, BaseRecord):
            found |= {f"{field.name}.{name}": inner for name, inner in tensors_of(value).items()}
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseRecord):
            ends = {"first": value[0], "last": value[-1]}  # of days in a row, which move on by one each day
            found |= {
                f"{field.name}.{end}.{name}": inner
                for end, part in ends.items()
                for name, inner in tensors_of(part).items()
            }
    return found


def kept(state: State) -> State:
    """The same state, safe from being overwritten."""
    lots = None if state.lots is None else replace(state.lots, pipeline=state.lots.pipeline.clone())
    return replace(state, pipeline=state.pipeline.clone(), lots=lots)


def empty_state(parameters: TwinParameters, *, episodes: int = 1, on_hand: Any = 0.0) -> State:
    """Nothing anywhere but `on_hand`, which is not cut down to a node's space."""
    nodes, skus = parameters.nodes, parameters.skus
    opening = opening_state(parameters, torch.zeros(nodes, skus, dtype=parameters.dtype), episodes=episodes)
    stock = torch.as_tensor(on_hand, dtype=parameters.dtype).expand(episodes, nodes, skus)
    return with_stock(parameters, opening, stock.clone())


def with_stock(parameters: TwinParameters, state: State, on_hand: Tensor) -> State:
    """The same state with [B, N, S] units on hand that came in just now."""
    fba = None if parameters.inbound is None else FbaState.new(parameters.inbound, on_hand.transpose(0, 1))
    kept = parameters.records is not None and parameters.records.kept
    records = RecordState.opening(parameters.records, on_hand) if parameters.records is not None and kept else None
    lots = lots_of(parameters, on_hand, state.dock)
    return replace(state, on_hand=on_hand, fba=fba, records=records, lots=lots)


def lots_of(parameters: TwinParameters, on_hand: Tensor, dock: Tensor) -> LotState | None:
    """Fresh goods, [B, N, S] units on the shelves and on the dock; None where nothing perishes."""
    if parameters.shelf_life is None:
        return None
    return LotState.fresh(parameters, on_hand.transpose(0, 1), dock.transpose(0, 1))


def quiet_scenario(
    arrays: NetworkArrays, days: int, *, episodes: int = 1, first_day: int = MONDAY, dtype: torch.dtype = torch.float64
) -> Scenario:
    """No demand, no delays, everything works."""
    dates = np.broadcast_to(np.arange(first_day, first_day + days), (episodes, days)).copy()
    date64 = dates.astype("datetime64[D]")
    month = date64.astype("datetime64[M]").astype(np.int64) % 12
    day_of_year = (date64 - date64.astype("datetime64[Y]")).astype(np.int64)

    def ones(*width: int) -> Tensor:
        return torch.ones((episodes, days, *width), dtype=dtype)

    return Scenario(
        first_day=torch.as_tensor(dates[:, 0]),
        demand=0 * ones(len(arrays.markets), len(arrays.skus)),
        delay_days=torch.zeros((episodes, days, len(arrays.lanes)), dtype=torch.int64),
        rounding=0.5 * ones(len(arrays.skus)),
        weekday=torch.as_tensor((dates + 3) % 7),
        month=torch.as_tensor(month),
        day_of_year=torch.as_tensor(day_of_year),
        season_ahead=ones(SEASON_ENTRIES),
        equipment=ones(len(arrays.nodes)),
        lane_open=ones(len(arrays.lanes)),
        supplier_up=ones(len(arrays.suppliers)),
        price_surge=ones(len(arrays.lanes)),
    )


@st.composite
def worlds(
    draw: st.DrawFn,
    *,
    days: int = 12,
    episodes: int = 3,
    whole: bool = True,
    dtypes: tuple[torch.dtype, ...] = (torch.float32, torch.float64),
    fba: st.SearchStrategy[bool] = st.booleans(),
    perish: st.SearchStrategy[bool] = st.booleans(),
    exchange: st.SearchStrategy[bool] = st.booleans(),
    records: bool = False,
) -> World:
    """Networks of every shape, with amounts from far too little to far too much."""
    kinds = {"fba": draw(fba), "perish": draw(perish), "exchange": draw(exchange)}
    description = draw(networks(wear=draw(st.booleans()), records=records, **kinds))
    try:
        arrays = NetworkArrays.from_description(description)
    except NoPlaceError:
        reject()  # goods too large for the building that was drawn
    dtype = draw(st.sampled_from(dtypes))
    scale = draw(st.sampled_from([1.0, 10.0, 300.0]))
    rng = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    first_day = draw(st.integers(0, 20_000))
    parameters = TwinParameters.from_arrays(arrays, dtype=dtype)
    nodes, markets, lanes, skus = parameters.nodes, parameters.markets, parameters.lanes, parameters.skus

    def random(*shape: int) -> Tensor:
        return torch.rand(shape, generator=rng, dtype=torch.float64).to(dtype)

    def units(*shape: int) -> Tensor:
        often_zero = (random(*shape) - 0.3).clamp(min=0.0) * random(*shape) * scale
        return often_zero.round() if whole else random(*shape) * scale

    def share(*shape: int) -> Tensor:
        """Half of the time in full order, else anything between broken and working."""
        return torch.where(random(*shape) < 0.5, 1.0, (1.5 * random(*shape) - 0.3).clamp(0.0, 1.0))

    quiet = quiet_scenario(arrays, days, episodes=episodes, first_day=first_day, dtype=dtype)
    longest = torch.as_tensor(arrays.lane.transit_longest_delay_days)
    scenario = replace(
        quiet,
        demand=units(episodes, days, markets, skus),
        delay_days=(random(episodes, days, lanes) * (longest + 1)).floor().to(torch.int64),
        rounding=random(episodes, days, skus).clamp(max=0.999),
        equipment=share(episodes, days, nodes),
        lane_open=share(episodes, days, lanes),
        supplier_up=share(episodes, days, len(arrays.suppliers)),
        price_surge=1 + random(episodes, days, lanes),
        **wear_and_tear(arrays, random, episodes, days),
    )
    if arrays.records is not None and arrays.records.kept:
        scenario = replace(scenario, record_dice=random(episodes, days, 3, nodes, skus).clamp(max=0.999))
    room = opening_state(parameters, 3 * units(nodes, skus), episodes=1, whole_units=whole)
    stock = room.on_hand.expand(episodes, -1, -1)
    young = stock * random(episodes, nodes, skus)
    opening = replace(
        with_stock(parameters, empty_state(parameters, episodes=episodes), young.floor() if whole else young),
        # Days of which three months are over within the run: only then surcharges go by what went out in them.
        day=draw(st.sampled_from([0, OUTFLOW_DAYS - 4])),
        on_hand=stock.clone(),
        dock=units(episodes, nodes, skus),
        backlog=units(episodes, markets, skus),
        with_customers=units(2, episodes, nodes, skus) / 3,
    )
    if opening.exchanges is not None:
        opening = replace(opening, exchanges=ExchangeState(units(2, markets, episodes, skus) / 3))
    opening = replace(opening, lots=lots_of(parameters, opening.on_hand, opening.dock))
    orders = 2 * units(days, episodes, lanes, skus) - random(days, episodes, lanes, skus)
    equipment = parameters.equipment
    decides = equipment is not None and draw(st.booleans())
    maintenance = random(days, episodes, equipment.units) if equipment is not None and decides else None
    return World(arrays, parameters, opening, scenario, orders if whole else orders.clamp(min=0.01), maintenance)


def wear_and_tear(arrays: NetworkArrays, random: Callable[..., Tensor], episodes: int, days: int) -> dict[str, Tensor]:
    """A scenario's fields that tell of equipment, from numbers in [0, 1) of any shape; none where nothing wears."""
    equipment = arrays.equipment
    if equipment is None:
        return {}
    units = len(equipment.units)

    def exponentials(*shape: int) -> Tensor:
        return -torch.log1p(-random(*shape).clamp(max=0.9999))

    def of(values: Any) -> Tensor:
        return torch.as_tensor(values).to(random(1))

    return {
        "equipment_threshold": exponentials(episodes, days, units),
        "equipment_second_life": of(equipment.scale_hours)
        * exponentials(episodes, days, units) ** (1 / of(equipment.shape)),
        "equipment_repair_hours": of(equipment.repair_hours) * 2 * random(episodes, days, 2, units),
        "equipment_signal": 2 * random(episodes, days, units) - 1,
    }


def small_network(**changes: Any) -> NetworkDescription:
    """A factory, a hub, a shop, one market, one SKU; everything free and unlimited unless changed.

    Args:
        changes: of `hub`, `shop`, `factory`, `market`, `inland` (factory to hub), `sea` and `air` (hub to shop)
            or `sku`, each a mapping; anything else replaces a key of the network itself.
    """
    parts = {
        name: changes.pop(name, {}) for name in ("hub", "shop", "factory", "market", "inland", "sea", "air", "sku")
    }
    place = {"country": "CN", "latitude": 0.0, "longitude": 0.0}
    return NetworkDescription.model_validate(
        {
            "name": "small",
            "capital_share_per_year": 0.0,
            "nodes": {"hub": place | parts["hub"], "shop": place | parts["shop"]},
            "suppliers": {"factory": place | parts["factory"]},
            "markets": {"market": {"country": "US", "channel": "own", "options": [{"node": "shop"}]} | parts["market"]},
            "lanes": [
                {"origin": "factory", "destination": "hub", "mode": "truck", "transit": {"days": 1}} | parts["inland"],
                {"origin": "hub", "destination": "shop", "mode": "sea", "transit": {"days": 5}} | parts["sea"],
                {"origin": "hub", "destination": "shop", "mode": "air", "transit": {"days": 2}} | parts["air"],
            ],
            "skus": {
                "widget": {
                    "unit_value_usd": 10.0,
                    "price_usd": 25.0,
                    "volume_m3": 0.01,
                    "weight_kg": 1.0,
                    "suppliers": ["factory"],
                }
                | parts["sku"]
            },
        }
        | changes
    )


INLAND, SEA, AIR = 0, 1, 2
HUB, SHOP = 0, 1


def small_world(
    network: NetworkDescription, *, days: int = 1, on_hand: Any = 0.0, first_day: int = MONDAY, **conditions: Any
) -> World:
    """A quiet world of one environment in which nothing is ordered; `conditions` replace fields of its scenario."""
    arrays = NetworkArrays.from_description(network)
    parameters = TwinParameters.from_arrays(arrays, dtype=torch.float64)
    quiet = quiet_scenario(arrays, days, first_day=first_day)
    changed = {
        name: torch.as_tensor(value, dtype=getattr(quiet, name).dtype).expand_as(getattr(quiet, name))
        for name, value in conditions.items()
    }
    orders = torch.zeros((days, 1, parameters.lanes, parameters.skus), dtype=torch.float64)
    return World(arrays, parameters, empty_state(parameters, on_hand=on_hand), replace(quiet, **changed), orders)


def order(world: World, lane: int, units: float, *, on: int = 0) -> World:
    """The same world with an order of every SKU on a lane."""
    orders = world.orders.clone()
    orders[on, :, lane] = units
    return replace(world, orders=orders)
