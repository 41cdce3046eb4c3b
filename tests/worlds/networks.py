"""Hypothesis strategies that several test folders share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from entrepot.envs.network.description import (
    UNLIMITED,
    Catalogue,
    FulfilmentOption,
    Lane,
    LanePrice,
    Market,
    Mode,
    NetworkDescription,
    Node,
    NodeKind,
    Refurbish,
    Returns,
    Sku,
    Supplier,
    Transit,
    Weekday,
)
from entrepot.envs.network.equipment.description import EquipmentClass, MaintenancePolicy, Serves
from entrepot.envs.network.inbound.description import CheckIn, Fba
from entrepot.envs.network.inside.description import Inside, WarehouseInside
from entrepot.envs.network.layout import Layout
from entrepot.envs.network.picking.throughput import DockWork, PickingWork
from entrepot.envs.network.records.description import CountPlan, NodeRecords, Records

Draw = st.DrawFn


@cache  # hypothesis looks each new strategy over before it draws from it: half of what a network costs
def amounts(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers with few digits, so that failures are easy to read."""
    return st.integers(round(low * 1000), round(high * 1000)).map(lambda thousandths: thousandths / 1000)


@cache
def capacities(low: float, high: float) -> st.SearchStrategy[float]:
    """Capacities that bind more often than not."""
    return st.one_of(amounts(low, low + 0.1 * (high - low)), amounts(low, high), st.just(UNLIMITED))


@cache
def shares() -> st.SearchStrategy[float]:
    """Shares with both ends drawn often."""
    return st.one_of(st.sampled_from([0.0, 1.0]), amounts(0.0, 1.0))


@cache
def prices(high: float) -> st.SearchStrategy[float]:
    """Prices, of which many are zero."""
    return st.one_of(st.just(0.0), amounts(0.0, high))


@st.composite
def networks(
    draw: Draw,
    *,
    max_nodes: int = 4,
    max_suppliers: int = 2,
    max_markets: int = 3,
    max_lanes: int = 6,
    max_skus: int = 3,
    wear: bool = False,
    fba: bool = False,
    records: bool = False,
    perish: bool = False,
    exchange: bool = False,
) -> NetworkDescription:
    """Small valid networks of every shape: few nodes, all modes, capacities that are often tight.

    At least one lane starts at a supplier. Some nodes may have no lane, some SKUs no way to some nodes. With `wear`,
    docks and picking that are limited may have equipment that fails within days, and a node's rates may follow from its
    layout. With `fba`, any node may be Amazon's, with fees that are felt within days; with `perish`, SKUs that are
    listed may have a shelf life of days. With `exchange`, customers exchange what they send back. With `records`,
    records go wrong within days and are counted by any plan.
    """
    warehouses = [f"warehouse_{i}" for i in range(draw(st.integers(1, max_nodes)))]
    centres = [f"fba_{i}" for i in range(draw(st.integers(0, max_nodes - len(warehouses))))]
    nodes = {name: draw(_nodes(None)) for name in warehouses}
    nodes |= {name: draw(_nodes(draw(st.sampled_from(warehouses)))) for name in centres}
    if fba:
        nodes = {name: draw(_amazons(node)) for name, node in nodes.items()}
    suppliers = {f"supplier_{i}": draw(_suppliers()) for i in range(draw(st.integers(1, max_suppliers)))}
    markets = {f"market_{i}": draw(_markets(list(nodes), exchange)) for i in range(draw(st.integers(1, max_markets)))}
    listed = draw(st.booleans())
    count = draw(st.integers(1, max_skus))
    return NetworkDescription(
        name="random",
        capital_share_per_year=draw(amounts(0.0, 0.5)),
        container_m3=draw(st.sampled_from([1.0, 10.0, 67.0])),
        nodes=nodes,
        suppliers=suppliers,
        markets=markets,
        lanes=draw(_lanes(list(suppliers), list(nodes), max_lanes)),
        skus={f"sku_{i}": draw(_skus(list(suppliers), perish)) for i in range(count)} if listed else None,
        catalogue=None if listed else draw(_catalogues(list(suppliers), count)),
        inside=draw(_insides(nodes)) if wear else None,
        records=draw(_records()) if records else None,
    )


@st.composite
def _records(draw: Draw) -> Records:
    errors = NodeRecords(
        shrinkage_share_per_year=draw(shares()),
        mispick_share=draw(amounts(0.0, 0.3)),
        misplaced_share=draw(amounts(0.0, 0.3)),
        booking_delay_days=draw(st.integers(0, 3)),
    )
    return Records(
        every_node=errors,
        counts=draw(st.sampled_from(CountPlan)),
        count_usd=draw(prices(5.0)),
        yearly_days=draw(st.integers(1, 9)),
        class_days=[2, 3, 5],
    )


@st.composite
def _insides(draw: Draw, nodes: Mapping[str, Node]) -> Inside:
    layout = Layout(area_m2=600, storage_m3=400)
    rates = {Serves.DOCK: "dock_m3_per_day", Serves.PICKING: "picking_units_per_day"}

    def fleets(node: Node) -> dict[str, EquipmentClass]:
        limited = [serves for serves, rate in rates.items() if getattr(node, rate) < UNLIMITED]
        chosen = draw(st.lists(st.sampled_from(limited), max_size=3)) if limited else []
        return {f"class_{i}": draw(_fleets(serves)) for i, serves in enumerate(chosen)}

    warehouses = {name: WarehouseInside(layout=layout, equipment=fleets(node)) for name, node in nodes.items()}
    if not draw(st.booleans()):
        return Inside(wear=True, warehouses=warehouses)
    name = draw(st.sampled_from(list(nodes)))  # one is enough: to lay out all would take most of a test's time
    laid_out = draw(_laid_out()).model_copy(update={"equipment": warehouses[name].equipment})
    return Inside(wear=True, rates="layout", warehouses=warehouses | {name: laid_out})


@st.composite
def _laid_out(draw: Draw) -> WarehouseInside:
    """A building whose people and doors bind more often than not."""
    area = draw(st.integers(500, 900))
    picking = PickingWork(
        people=draw(amounts(0.001, 0.05)),
        seconds_per_line=draw(amounts(0.0, 60.0)),
        lines_per_list=draw(st.integers(1, 6)),
        routing=draw(st.sampled_from(["s_shape", "return", "largest_gap", "exact"])),
        slotting=draw(st.sampled_from(["random", "class_based", "cube_per_order", "assignment"])),
    )
    dock = DockWork(doors=draw(amounts(0.001, 0.05)), forklifts=draw(amounts(0.001, 0.05)))
    layout = Layout(area_m2=area, storage_m3=draw(amounts(0.05, 0.3)) * area)
    return WarehouseInside(
        layout=layout, picking=draw(st.sampled_from([picking, None])), dock=draw(st.sampled_from([dock, None]))
    )


@st.composite
def _fleets(draw: Draw, serves: Serves) -> EquipmentClass:
    maintenance = draw(st.sampled_from(list(MaintenancePolicy)))
    return EquipmentClass(
        units=draw(st.integers(1, 3)),
        serves=serves,
        mtbf_hours=draw(amounts(2.0, 60.0)),
        shape=draw(st.one_of(st.just(1.0), amounts(0.7, 4.0))),
        repair_hours=draw(amounts(0.5, 30.0)),
        maintenance_hours=draw(amounts(0.5, 12.0)),
        least_use=draw(shares()),
        repair_usd=draw(prices(500.0)),
        maintenance_usd=draw(prices(100.0)),
        standstill_usd_per_hour=draw(prices(50.0)),
        maintenance=maintenance,
        maintenance_age_hours=draw(amounts(1.0, 60.0)) if maintenance is MaintenancePolicy.FIXED_AGE else None,
    )


@st.composite
def _nodes(draw: Draw, manager: str | None) -> Node:
    return Node(
        country=draw(st.sampled_from(["CN", "US", "DE"])),
        latitude=draw(amounts(-60.0, 60.0)),
        longitude=draw(amounts(-180.0, 180.0)),
        kind=NodeKind.FULFILMENT_CENTRE if manager else NodeKind.WAREHOUSE,
        manager=manager,
        capacity_m3=draw(capacities(0.05, 20.0)),
        dock_m3_per_day=draw(capacities(0.02, 5.0)),
        picking_units_per_day=draw(capacities(1.0, 200.0)),
        storage_usd_per_m3_day=draw(st.one_of(prices(3.0), st.lists(prices(3.0), min_size=12, max_size=12))),
        inbound_usd_per_unit=draw(prices(1.0)),
        outbound_usd_per_unit=draw(prices(1.0)),
        return_usd_per_unit=draw(prices(5.0)),
        restock_share=(sound := draw(shares())),
        **draw(_inspections(sound)),
    )


@st.composite
def _inspections(draw: Draw, sound: float) -> dict[str, Any]:
    """Of a node every other time: days of inspection and refurbishing."""
    if not draw(st.booleans()):
        return {}
    return {
        "inspection_days": draw(st.integers(0, 3)),
        "refurbish": Refurbish(share=(1 - sound) * draw(shares()), days=draw(st.integers(0, 3)), usd_per_unit=0.5),
    }


@st.composite
def _amazons(draw: Draw, node: Node) -> Node:
    """The node, which is Amazon's every other time."""
    if not draw(st.booleans()):
        return node
    limit = draw(capacities(0.05, 20.0))
    rules = Fba(
        fees=str(Path(__file__).with_name("fees.yaml")),
        fees_on=date(2024, 6, 1),
        capacity_m3=draw(st.sampled_from([None, limit, [limit] * 6 + [2 * limit] * 6])),
        check_in=CheckIn(days=draw(st.sampled_from([0.0, 1.5])), longest_days=4),
        remove_after_days=draw(st.sampled_from([None, 4, 5])),
        recovered_share=draw(shares()),
    )
    return Node.model_validate(node.model_dump(exclude={"storage_usd_per_m3_day"}) | {"fba": rules})


@st.composite
def _suppliers(draw: Draw) -> Supplier:
    return Supplier(
        country="CN",
        latitude=draw(amounts(-60.0, 60.0)),
        longitude=draw(amounts(-180.0, 180.0)),
        production_days=draw(st.integers(0, 5)),
        capacity_units_per_day=draw(capacities(1.0, 200.0)),
        minimum_order_units=draw(st.one_of(st.just(0.0), amounts(1.0, 50.0))),
    )


@st.composite
def _markets(draw: Draw, nodes: Sequence[str], exchange: bool) -> Market:
    served_by = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3, unique=True))
    return Market(
        country=draw(st.sampled_from(["CN", "US", "DE"])),
        channel=draw(st.sampled_from(["amazon", "own_site"])),
        options=[
            FulfilmentOption(node=node, usd_per_unit=draw(prices(5.0)), days=draw(amounts(0.0, 10.0)))
            for node in served_by
        ],
        backlog_share=draw(shares()),
        backlog_usd_per_unit_day=draw(prices(1.0)),
        price_factor=draw(amounts(0.5, 2.0)),
        returns=Returns(
            share=draw(st.one_of(st.just(0.0), amounts(0.0, 0.5))),
            median_days=draw(amounts(1.0, 20.0)),
            log_deviation=draw(amounts(0.0, 1.5)),
            exchange_share=draw(shares()) if exchange else 0.0,
        ),
    )


@st.composite
def _lanes(draw: Draw, suppliers: Sequence[str], nodes: Sequence[str], max_lanes: int) -> list[Lane]:
    def ways(origins: Sequence[str]) -> list[tuple[str, str, Mode]]:
        return [(origin, node, mode) for origin in origins for node in nodes if node != origin for mode in Mode]

    first = draw(st.sampled_from(ways(suppliers)))
    others = [way for way in ways([*suppliers, *nodes]) if way != first]
    more = draw(st.lists(st.sampled_from(others), max_size=max_lanes - 1, unique=True))
    return [draw(_lane(*way)) for way in draw(st.permutations([first, *more]))]


@st.composite
def _lane(draw: Draw, origin: str, destination: str, mode: Mode) -> Lane:
    return Lane(
        origin=origin,
        destination=destination,
        mode=mode,
        distance_km=draw(amounts(0.0, 20_000.0)),
        transit=Transit(
            days=draw(st.integers(0, 12)),
            late_share=draw(shares()),
            late_days=draw(st.one_of(st.just(0.0), amounts(1.0, 6.0))),
            longest_delay_days=draw(st.integers(0, 8)),
        ),
        departures=draw(st.one_of(st.just(list(Weekday)), st.lists(st.sampled_from(Weekday), min_size=1, unique=True))),
        capacity_m3_per_day=draw(capacities(0.02, 5.0)),
        price=LanePrice(
            per_m3=draw(prices(200.0)),
            per_chargeable_kg=draw(prices(6.0)),
            per_unit=draw(prices(1.0)),
            per_shipment=draw(prices(100.0)),
            per_container=draw(prices(3000.0)),
        ),
        duty_share=draw(st.one_of(st.just(0.0), amounts(0.0, 0.2))),
        kg_co2e_per_tonne_km=draw(amounts(0.0, 0.6)),
    )


@st.composite
def _skus(draw: Draw, suppliers: Sequence[str], perish: bool) -> Sku:
    value = draw(amounts(0.5, 50.0))
    return Sku(
        unit_value_usd=value,
        price_usd=value * draw(amounts(0.9, 4.0)),
        volume_m3=draw(st.sampled_from([0.0005, 0.003, 0.02, 0.2])),
        weight_kg=draw(amounts(0.05, 20.0)),
        suppliers=draw(st.lists(st.sampled_from(suppliers), min_size=1, unique=True)),
        shelf_life_days=draw(st.sampled_from([None, 1, 3, 6, 12])) if perish else None,
    )


@st.composite
def _catalogues(draw: Draw, suppliers: Sequence[str], count: int) -> Catalogue:
    return Catalogue(
        count=count,
        seed=draw(st.integers(0, 5)),
        unit_value_usd=draw(amounts(0.5, 50.0)),
        unit_value_log_deviation=draw(amounts(0.0, 1.0)),
        markup=draw(amounts(1.1, 4.0)),
        volume_m3=draw(st.sampled_from([0.001, 0.01, 0.1])),
        volume_log_deviation=draw(amounts(0.0, 1.0)),
        density_kg_per_m3=draw(amounts(50.0, 500.0)),
        supplier_shares={supplier: draw(amounts(0.1, 1.0)) for supplier in suppliers},
    )
