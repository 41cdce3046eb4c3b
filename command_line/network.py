"""`entrepot network`: which networks there are, and what one looks like."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from entrepot.command_line.tables import Row, console, headed, print_warnings, table, tell, write_json
from entrepot.configs.loader import ConfigurationError, available
from entrepot.envs.network import NetworkArrays, NetworkDescription, load_network
from entrepot.envs.network.description import UNLIMITED, Weekday
from entrepot.envs.network.distance import DETOUR
from entrepot.envs.network.feasibility import warnings_of

if TYPE_CHECKING:
    from entrepot.envs.demand import DemandModel
    from entrepot.envs.network.sketch import Place, SeaKm

app = typer.Typer(
    no_args_is_help=True, help="Look at networks, and begin one.", rich_markup_mode="markdown", add_completion=False
)

NetworkName = Annotated[
    str, typer.Argument(metavar="NETWORK", help="A network that ships with the package, or the path of a YAML file.")
]


@app.command("list")
def list_networks(
    json: Annotated[Path | None, typer.Option("--json", help="Write the same figures to FILE.", metavar="FILE")] = None,
) -> None:
    """List the networks that ship with the package.

    For example: `entrepot network list`
    """
    rows = []
    for name in available("network"):
        network = load_network(name)
        rows.append(
            {
                "network": name,
                "title": network.title,
                "warehouses": len(network.warehouses),
                "fulfilment_centres": len(network.nodes) - len(network.warehouses),
                "suppliers": len(network.suppliers),
                "markets": len(network.markets),
                "lanes": len(network.lanes),
                "skus": _sku_count(network),
            }
        )
    console().print(table("Networks", rows))
    if json:
        write_json(json, rows, provenance={"command": "network list"})


@app.command("show")
def show_network(
    network: NetworkName,
    skus: Annotated[int | None, typer.Option(min=1, help="How many SKUs to take from the catalogue.")] = None,
    map: Annotated[
        Path | None, typer.Option("--map", help="Where to draw the map. [default: NETWORK.png]", metavar="FILE.png")
    ] = None,
    no_map: Annotated[bool, typer.Option("--no-map", help="Print the tables only.")] = False,
    demand: Annotated[
        str | None, typer.Option(help="Also show what a demand YAML, by name or path, makes of its markets.")
    ] = None,
    history: Annotated[str | None, typer.Option(help="Also show what a sales history makes of its markets.")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the same figures to FILE.", metavar="FILE")] = None,
) -> None:
    """Print a network as tables and draw it as a map.

    For example:

    `entrepot network show kreen`

    `entrepot network show my_network.yaml --map map.png --json network.json`

    `entrepot network show kreen --skus 2000 --no-map`

    `entrepot network show my_network.yaml --no-map --demand my_demand.yaml`
    """
    described = load_network(network, skus=skus)
    arrays = NetworkArrays.from_description(described)
    nodes, lanes, markets = _node_rows(described), _lane_rows(described, arrays), _market_rows(described, arrays)
    suppliers = _supplier_rows(described, arrays)
    out = console()
    out.print(headed(described.title or described.name, f": {len(arrays.skus):,} SKUs"))
    for title, rows in (("Nodes", nodes), ("Suppliers", suppliers), ("Markets", markets), ("Lanes", lanes)):
        out.print(table(title, rows))
    model = None if demand is None and history is None else _demand(arrays, demand, history)
    warnings = warnings_of(described, arrays, units_per_day=None if model is None else model.mean_units_per_day)
    print_warnings(out, warnings)
    tell(_guessed(described), out)
    asked = [] if model is None else _show_demand(arrays, model, out)
    if map is not None or (not no_map and _can_draw(out)):
        _draw(described, map or Path(f"{described.name}.png"))
    if json:
        provenance = {"command": "network show", "network": network, "skus": len(arrays.skus)}
        told = [warning.row() for warning in warnings]
        more = {"nodes": nodes, "suppliers": suppliers, "markets": markets, "warnings": told, "demand": asked}
        write_json(json, lanes, provenance=provenance, **more)


@app.command("new")
def new_network(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the network: small letters, digits and _.")],
    warehouses: Annotated[
        str | None,
        typer.Option(help="NAME:COUNTRY or NAME:COUNTRY:LATITUDE,LONGITUDE; several with spaces between."),
    ] = None,
    suppliers: Annotated[str | None, typer.Option(help="Likewise.")] = None,
    markets: Annotated[str | None, typer.Option(help="Likewise; a market's position is never used.")] = None,
    skus: Annotated[int | None, typer.Option(min=1, max=100_000, help="How many SKUs the catalogue draws.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The YAML to write. [default: NAME.yaml]", metavar="FILE.yaml")
    ] = None,
) -> None:
    """Write a commented YAML to start from, of a few answers; what isn't given as an option is asked for.

    Every figure that nobody gave is marked an assumption in the file. Lanes go from each supplier to the warehouse
    nearest to it, and from there to all others.

    For example:

    `entrepot network new my_network`

    `entrepot network new mine --warehouses "shenzhen:CN:22.5,114.1 hamburg:DE" --suppliers factory:CN
    --markets "de_shop:DE fr_shop:FR" --skus 50`
    """
    from entrepot.configs.files import refuse_unwritable, write_atomically
    from entrepot.envs.network.sketch import Answers, check_name, network_yaml
    from entrepot.envs.rendering.coasts import country_middles

    path = out or Path(f"{name}.yaml")
    check_name(name, "NAME")
    if path.suffix not in (".yaml", ".yml"):
        raise ConfigurationError(f"--out: {str(path)!r}; allowed: a file that ends in .yaml or .yml")
    if path.exists():
        raise ConfigurationError(f"--out: {str(path)!r} exists, and is not written over; give another name")
    refuse_unwritable(path, "--out")
    middles = country_middles()
    kinds = {"warehouses": warehouses, "suppliers": suppliers, "markets": markets}
    found = {kind: _asked(kind, given, middles) for kind, given in kinds.items()}
    count = skus if skus is not None else int(typer.prompt("How many SKUs", default=32, type=int))
    text = network_yaml(Answers(name, **found, skus=count, sea_km=_sea_km()))
    write_atomically(path, text)
    described = load_network(str(path))
    out_console = console()
    tell([f"{path}: {len(described.nodes)} warehouses, {len(described.lanes)} lanes, {count:,} SKUs"], out_console)
    tell([f"{text.count('(assumption)')} lines are marked (assumption): put in what you know"], out_console)
    print_warnings(out_console, warnings_of(described, NetworkArrays.from_description(described)))
    out_console.print(headed("next:", f" entrepot network show {path}"), soft_wrap=True)


EXAMPLES = {
    "warehouses": "shenzhen:CN:22.5,114.1 california:US",
    "suppliers": "factory:CN",
    "markets": "us_shop:US",
}


def _asked(kind: str, given: str | None, middles: dict[str, tuple[float, float]]) -> list[Place]:
    """Places from an option, or from whoever sits at the terminal, until they can be read."""
    from entrepot.envs.network.sketch import places_from

    if given is not None:
        return places_from(given, f"--{kind}", middles)
    while True:
        answer = typer.prompt(f"{kind.capitalize()}, such as {EXAMPLES[kind]}")
        try:
            return places_from(answer, kind, middles)
        except ConfigurationError as error:
            typer.echo(str(error), err=True)


def _sea_km() -> SeaKm | None:
    """Lengths of ways by sea, where what maps take is installed."""
    if find_spec("scipy") is None or find_spec("PIL") is None:
        return None
    from entrepot.envs.rendering.sea_routes import length_km

    return length_km


def _demand(arrays: NetworkArrays, demand: str | None, history: str | None) -> DemandModel:
    from entrepot.envs.demand import load_demand
    from entrepot.envs.demand.settings import DemandSettings

    content, source = DemandSettings(name=demand, path=history).content()
    return load_demand(content, arrays, source=source)


def _show_demand(arrays: NetworkArrays, model: DemandModel, out: Console) -> list[Row]:
    """What a demand model makes of the network's markets, and everything that it left out, replaced or assumed."""
    rows: list[Row] = [
        {
            "market": market,
            "units_per_day": round(float(mean.sum()), 2),
            "skus_without_demand": int((mean == 0).sum()),
            "best_sku": arrays.skus[int(mean.argmax())],
            "best_sku_units_per_day": round(float(mean.max()), 2),
        }
        for market, mean in zip(arrays.markets, model.mean_units_per_day, strict=True)
    ]
    out.print(table("Demand, in the training window", rows))
    tell([model.summary, *model.remarks], out)
    return rows


def _can_draw(out: Console) -> bool:
    """The core install prints tables; that it draws no map unless asked to is no error."""
    if find_spec("matplotlib") is not None:
        return True
    out.print('no map is drawn without matplotlib: pip install "entrepot[train]"', highlight=False, markup=False)
    return False


def _draw(network: NetworkDescription, path: Path) -> None:
    from entrepot.envs.rendering.network_map import save_map  # matplotlib takes a second to import

    try:
        save_map(network, path)
    except OSError as error:
        raise ConfigurationError(f"--map: {str(path)!r} can't be written: {error.strerror}") from error
    console().print(f"map: {path}")


def _sku_count(network: NetworkDescription) -> int:
    return network.catalogue.count if network.catalogue is not None else len(network.skus or {})


def _limit(capacity: float) -> float | None:
    return None if capacity >= UNLIMITED else capacity


def _node_rows(network: NetworkDescription) -> list[Row]:
    return [
        {
            "node": name,
            "kind": node.kind.value.replace("_", " "),
            "ordered_for_by": network.manager_of(name),
            "country": node.country,
            "capacity_m3": _limit(node.capacity_m3),
            "dock_m3_per_day": _limit(node.dock_m3_per_day),
            "picking_units_per_day": _limit(node.picking_units_per_day),
            "storage_usd_per_m3_day": _yearly(node.storage_usd_per_m3_day),
        }
        for name, node in network.nodes.items()
    ]


def _yearly(rate: float | list[float]) -> str | float:
    if not isinstance(rate, list):
        return rate
    return rate[0] if len(set(rate)) == 1 else f"{min(rate):g} to {max(rate):g}"


def _supplier_rows(network: NetworkDescription, arrays: NetworkArrays) -> list[Row]:
    makes = dict.fromkeys(network.suppliers, 0)
    for lane, origin in enumerate(arrays.lane.origin):
        if origin >= len(arrays.nodes):
            makes[arrays.endpoints[origin]] = int(arrays.lane.carries[lane].sum())
    return [
        {
            "supplier": name,
            "country": supplier.country,
            "skus": makes[name],
            "production_days": supplier.production_days,
            "capacity_units_per_day": _limit(supplier.capacity_units_per_day),
            "minimum_order_units": supplier.minimum_order_units,
        }
        for name, supplier in network.suppliers.items()
    ]


def _market_rows(network: NetworkDescription, arrays: NetworkArrays) -> list[Row]:
    rows: list[Row] = []
    for column, (name, market) in enumerate(network.markets.items()):
        ranks = [rank for rank in range(len(arrays.option.node)) if arrays.option.exists[rank, column]]
        options = (
            f"{arrays.nodes[arrays.option.node[rank, column]]} "
            f"(+{arrays.option.usd_per_unit[rank, column]:g} USD, {arrays.option.days[rank, column]:g} d)"
            for rank in ranks
        )
        rows.append(
            {
                "market": name,
                "country": market.country,
                "channel": market.channel.replace("_", " "),
                "served_from": ", then ".join(options),
                "backlog_share": market.backlog_share,
                "return_share": market.returns.share,
            }
        )
    return rows


def _guessed(network: NetworkDescription) -> list[str]:
    """Which distances follow from places."""
    lanes = [lane for lane in network.lanes if lane.distance_km is None]
    if not lanes:
        return []
    factors = ", ".join(f"{mode} {DETOUR[mode]:g}" for mode in sorted({lane.mode.value for lane in lanes}))
    first = f"{lanes[0].name}{' and others' if len(lanes) > 1 else ''}"
    return [
        f"guessed: {len(lanes)} lanes have no distance_km ({first}); theirs is the great circle times a factor "
        f"({factors}), an assumption that CO₂e hangs on"
    ]


def _lane_rows(network: NetworkDescription, arrays: NetworkArrays) -> list[Row]:
    return [
        {
            "lane": f"{lane.origin} → {lane.destination}",
            "mode": lane.mode.value,
            "distance_km": round(network.lane_km(lane), 1),
            "departs": "daily" if len(set(lane.departures)) == len(Weekday) else " ".join(lane.departures),
            "transit_days": lane.transit.days,
            "lead_days": round(float(arrays.lane.lead_days[index]), 1),
            "on_time_share": round(1 - lane.transit.late_share, 4),
            "freight_usd_per_unit": round(float(arrays.lane.freight_usd[index].mean()), 4),
            "duty_share": lane.duty_share,
            "kg_co2e_per_unit": round(float(arrays.lane.kg_co2e[index].mean()), 5),
        }
        for index, lane in enumerate(network.lanes)
    ]
