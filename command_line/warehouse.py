"""`entrepot warehouse`: what is inside a node, and how its goods could lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from entrepot.command_line.tables import Row, console, headed, table, tell, write_json
from entrepot.configs.errors import ConfigurationError, cannot_write
from entrepot.configs.files import refuse_unwritable
from entrepot.envs.network import NetworkArrays, NetworkDescription, load_network
from entrepot.envs.network.assortment import Assortment, assortment_of
from entrepot.envs.network.columns import Floats
from entrepot.envs.network.description import UNLIMITED
from entrepot.envs.network.inside.description import Inside
from entrepot.envs.network.inside.warehouse import Warehouse, tours
from entrepot.envs.network.layout.description import GOODS_TYPES
from entrepot.envs.network.picking.heuristics import ROUTINGS
from entrepot.envs.network.slotting import SLOTTINGS, slotted
from entrepot.envs.network.slotting.moves import moves

app = typer.Typer(
    no_args_is_help=True, help="Look inside warehouses.", rich_markup_mode="markdown", add_completion=False
)

SHOWN_SKUS = 10
NetworkName = Annotated[str, typer.Argument(metavar="NETWORK", help="A network by name, or the path of a YAML file.")]
NodeName = Annotated[str, typer.Argument(metavar="NODE", help="One of its nodes.")]
Skus = Annotated[int | None, typer.Option(min=1, help="How many SKUs to take from the catalogue.")]
Demand = Annotated[str | None, typer.Option(help="A demand YAML by name or path; else an ABC curve is assumed.")]
History = Annotated[str | None, typer.Option(help="A sales history, in place of a demand YAML.")]
Cover = Annotated[float, typer.Option(min=0.1, help="Days of demand in stock; only with a demand or a history.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the same figures to FILE.", metavar="FILE")]


@app.command("show")
def show(
    network: NetworkName,
    node: NodeName,
    skus: Skus = None,
    demand: Demand = None,
    history: History = None,
    cover_days: Cover = 30.0,
    colour: Annotated[str, typer.Option(help="Of positions: velocity, occupancy, goods or age.")] = "velocity",
    png: Annotated[Path | None, typer.Option("--png", help="Draw it into FILE.", metavar="FILE")] = None,
    page: Annotated[
        Path | None, typer.Option("--html", help="Write a page on which it can be turned.", metavar="FILE")
    ] = None,
    json: Json = None,
) -> None:
    """Print a node's space, positions, occupancy, velocity, pick hours and equipment.

    **Examples**

    * `entrepot warehouse show kreen los_angeles`
    * `entrepot warehouse show kreen los_angeles --html los_angeles.html --png los_angeles.png`
    * `entrepot warehouse show kreen hamburg --demand calibrated`
    """
    for path, key in ((json, "--json"), (png, "--png"), (page, "--html")):
        refuse_unwritable(path, key)
    described, inside, goods, picked = _network(network, node, skus, demand, history)
    warehouse = _warehouse(node, inside, goods, picked, cover_days)
    out = console()
    out.print(headed(f"{node}, {described.title or described.name}", f": {len(goods.names):,} SKUs"))
    space, routing = [_space(warehouse, described)], _routing(warehouse)
    out.print(table("Space", space))
    velocity = _velocity(warehouse)
    out.print(table(f"Goods, the {SHOWN_SKUS} most picked", velocity[:SHOWN_SKUS]))
    out.print(table(f"Picking: {_lines(warehouse)} lines a list, {len(warehouse.lists):,} lists", routing))
    rates = _rates(warehouse, described)
    out.print(table("Throughput", rates))
    equipment = _equipment(warehouse)
    if equipment:
        out.print(table("Equipment", equipment))
    tell(_remarks(warehouse, inside, picked, cover_days), out)
    if json:
        more = {"space": space, "goods": velocity, "rates": rates, "equipment": equipment}
        provenance = {"command": "warehouse show", "network": network, "node": node, "skus": len(goods.names)}
        write_json(json, routing, provenance=provenance, **more)
    _draw(warehouse, described, colour, png, page, out)


@app.command("slot")
def slot(
    network: NetworkName,
    node: NodeName,
    skus: Skus = None,
    demand: Demand = None,
    history: History = None,
    cover_days: Cover = 30.0,
    now: Annotated[str, typer.Option(help="How goods lie now: random, class_based, cube_per_order.")] = "random",
    lines_per_day: Annotated[
        float | None, typer.Option(min=0, help="Picked; what its people can pick if not given.")
    ] = None,
    json: Json = None,
) -> None:
    """Compare slottings: mean walk of single visits and of whole tours, moves, and hours saved a day.

    **Examples**

    * `entrepot warehouse slot kreen los_angeles`
    * `entrepot warehouse slot kreen dongguan --now class_based --lines-per-day 4000`
    """
    refuse_unwritable(json, "--json")
    if now not in SLOTTINGS:
        raise ConfigurationError(f"--now: {now!r}; allowed: {', '.join(SLOTTINGS)}")
    described, inside, goods, picked = _network(network, node, skus, demand, history)
    warehouse = _warehouse(node, inside, goods, picked, cover_days, slotting=now)
    work = inside.warehouses[node].picking
    if lines_per_day is None:
        lines_per_day = 0.0 if work is None else (warehouse.picking_units_per_day or 0.0) / work.units_per_line
    metres_per_s = 0.8 if work is None else work.metres_per_s
    rows: list[Row] = []
    for method in SLOTTINGS:
        found = slotted(warehouse.stock, method, seed=0)
        other = replace(warehouse, slotting=found)
        change = moves(warehouse.stock, warehouse.slotting, found)
        rows.append(
            {
                "method": method,
                "single_visit_m": round(found.single_visit_m(warehouse.stock), 3),
                "tour_m": round(float(other.tours_m.mean()), 1),
                "positions_moved": len(change.sku),
                "saved_m_per_line": round(change.saved_m_per_line, 3),
                "saved_hours_per_day": round(
                    change.saved_hours_per_day(lines_per_day=lines_per_day, metres_per_s=metres_per_s), 2
                ),
                "unplaced_skus": len(found.unplaced(goods.names)),
            }
        )
    out = console()
    out.print(headed(f"{node}, {described.title or described.name}", f": from {now}"))
    out.print(table("Slottings", rows))
    tell(
        [
            f"saved: walking of single visits, {lines_per_day:,.0f} lines a day at {metres_per_s:g} m/s; of tours it "
            "is less, since their lines share the way",
            *_remarks(warehouse, inside, picked, cover_days),
        ],
        out,
    )
    if json:
        provenance = {"command": "warehouse slot", "network": network, "node": node, "now": now}
        write_json(json, rows, provenance={**provenance, "lines_per_day": lines_per_day})


def _network(
    name: str, node: str, skus: int | None, demand: str | None, history: str | None
) -> tuple[NetworkDescription, Inside, Assortment, Floats | None]:
    """The network, what is inside, its SKUs, and [S] units a day that pass through the node, if anything tells."""
    described = load_network(name, skus=skus)
    if described.inside is None:
        raise ConfigurationError(f"{name}: says nothing of what is inside its nodes; give it the key inside")
    if node not in described.inside.warehouses:
        known = ", ".join(described.inside.warehouses)
        raise ConfigurationError(f"{name}: nothing is said of what is inside {node!r}; allowed: {known}")
    goods = assortment_of(described)
    if demand is None and history is None:
        return described, described.inside, goods, None
    from entrepot.envs.demand import load_demand  # in entrepot[train]
    from entrepot.envs.demand.settings import DemandSettings

    arrays = NetworkArrays.from_description(described)
    content, source = DemandSettings(name=demand, path=history).content()
    mean = np.asarray(load_demand(content, arrays, source=source).mean_units_per_day)
    through = np.einsum("ms,ms->s", np.asarray(arrays.market.echelon_share)[arrays.nodes.index(node)], mean)
    return described, described.inside, goods, through


def _warehouse(
    node: str, inside: Inside, goods: Assortment, picked: Floats | None, cover_days: float, slotting: str | None = None
) -> Warehouse:
    units = None if picked is None else np.ceil(picked * cover_days)
    return Warehouse.of(node, inside, goods, units_per_day=picked, units=units, slotting=slotting)


def _lines(warehouse: Warehouse) -> int:
    return len(warehouse.lists[0])


def _space(warehouse: Warehouse, described: NetworkDescription) -> Row:
    positions, layout = warehouse.positions, warehouse.described.layout
    taken = warehouse.slotting.sku_at >= 0
    stored = warehouse.stock.units @ np.asarray(assortment_of(described).volume_m3)
    return {
        "area_m2": layout.area_m2,
        "positions": len(positions),
        "aisles": len(positions.aisle_x),
        "levels": int(positions.level.max()) + 1,
        "storage_m3": round(float(positions.volume_m3.sum()), 1),
        "positions_taken": int(taken.sum()),
        "positions_taken_share": round(float(taken.mean()), 4),
        "goods_m3": round(float(stored), 1),
        "space_used_share": round(float(stored / positions.volume_m3.sum()), 4),
    }


def _velocity(warehouse: Warehouse) -> list[Row]:
    stock, slotting, walk = warehouse.stock, warehouse.slotting, warehouse.positions.walk_m
    rows: list[Row] = []
    for sku in np.argsort(-stock.lines_share, kind="stable"):
        there = slotting.sku_at == sku
        rows.append(
            {
                "sku": stock.goods.names[sku],
                "goods": GOODS_TYPES[stock.goods.kind[sku]].value,
                "lines_share": round(float(stock.lines_share[sku]), 4),
                "units_stored": int(stock.units[sku]),
                "cartons": int(stock.cartons[sku]),
                "positions": int(there.sum()),
                "mean_walk_m": round(float(walk[there].mean()), 1) if there.any() else None,
            }
        )
    return rows


def _routing(warehouse: Warehouse) -> list[Row]:
    work = warehouse.described.picking
    rows: list[Row] = []
    exact_m = float(tours(warehouse.positions, warehouse.lists, "exact").mean())
    for name in (*ROUTINGS, "exact"):
        mean = float(tours(warehouse.positions, warehouse.lists, name).mean())
        hours = None if work is None else work.hours_a_list(tour_m=mean, levels=warehouse.mean_level)
        rows.append(
            {
                "routing": name,
                "its_own": "yes" if work is not None and work.routing == name else "",
                "tour_m": round(mean, 1),
                "above_exact_percent": round(100 * (mean / exact_m - 1), 1),
                "hours_a_list": None if hours is None else round(hours, 4),
                "units_per_day": None if work is None or hours is None else round(work.units_per_day(hours)),
            }
        )
    return rows


def _rates(warehouse: Warehouse, described: NetworkDescription) -> list[Row]:
    node, inside = described.nodes[warehouse.name], described.inside
    by_layout = inside is not None and inside.rates == "layout"
    pairs = (
        ("picking, units a day", node.picking_units_per_day, warehouse.picking_units_per_day),
        ("dock, m³ a day", node.dock_m3_per_day, warehouse.dock_m3_per_day),
    )
    return [
        {
            "rate": name,
            "given": None if given >= UNLIMITED else given,
            "by_layout": None if derived is None else round(derived, 1),
            "the_twin_takes": "by layout" if by_layout and derived is not None else "given",
        }
        for name, given, derived in pairs
    ]


def _equipment(warehouse: Warehouse) -> list[Row]:
    return [
        {
            "class": name,
            "units": fleet.units,
            "serves": fleet.serves.value,
            "mtbf_hours": fleet.mtbf_hours,
            "shape": fleet.shape,
            "repair_hours": fleet.repair_hours,
            "maintenance_hours": fleet.maintenance_hours,
            "maintenance": fleet.maintenance.value.replace("_", " "),
        }
        for name, fleet in warehouse.described.equipment.items()
    ]


def _remarks(warehouse: Warehouse, inside: Inside, picked: Floats | None, cover_days: float) -> list[str]:
    """What is assumed, replaced and left out."""
    told: list[str] = []
    if picked is None:
        told.append(
            f"assumed: the first fifth of SKUs makes {inside.lines_share_of_first_fifth:.0%} of lines, stock fills "
            f"{inside.filled_share:.0%} of the positions with equal days of every SKU; --demand takes a demand instead"
        )
    else:
        told.append(f"stock: {cover_days:g} days of what the demand sends through the node")
    if picked is None and warehouse.described.picking is not None:
        told.append(
            "age of stock: of what all people pick in a day, since no demand is given; the oldest goes out first"
        )
    replaced = warehouse.stock.goods.replaced
    if replaced:
        told.append(f"replaced: of {len(replaced)} SKUs a unit is larger than the carton, so each is a cube of its own")
    told += [f"unplaced: {line}" for line in warehouse.slotting.unplaced(warehouse.stock.goods.names)]
    return told


def _draw(
    warehouse: Warehouse, described: NetworkDescription, colour: str, png: Path | None, page: Path | None, out: Console
) -> None:
    if png is None and page is None:
        return
    from entrepot.envs.rendering.warehouse.scene import Scene

    scene = Scene.of(warehouse, network=described.name)
    drawn: list[tuple[str, Path, Any]] = []
    if page is not None:
        from entrepot.envs.rendering.warehouse.page import save_page

        drawn.append(("--html", page, save_page))
    if png is not None:
        from entrepot.envs.rendering.warehouse.picture import save_picture  # matplotlib takes a second to import

        drawn.append(("--png", png, save_picture))
    for key, path, save in drawn:
        try:
            save(scene, path, colouring=colour)
        except OSError as error:
            raise cannot_write(path, error, key) from error
        out.print(f"{key.removeprefix('--')}: {path}, {path.stat().st_size / 1024:,.0f} KiB")
