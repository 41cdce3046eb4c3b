"""`entrepot route`: the best ways from a place to another, in cost, days and CO₂e."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from entrepot.command_line.tables import Row, console, headed, table, tell, write_json
from entrepot.configs.errors import ConfigurationError
from entrepot.configs.files import refuse_unwritable
from entrepot.envs.network import NetworkDescription, load_network
from entrepot.envs.network.assortment import assortment_of
from entrepot.envs.network.routes import Goods, Route, RouteMap, front, load_routes

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)


@app.command("route")
def route(
    origin: Annotated[str, typer.Argument(metavar="FROM", help="A node or supplier of the network, or a terminal.")],
    destination: Annotated[str, typer.Argument(metavar="TO", help="Likewise.")],
    units: Annotated[int, typer.Option(min=1, help="How many.")],
    due: Annotated[str | None, typer.Option(help="To be there by then; without it, any day.", metavar="DATE")] = None,
    ready: Annotated[
        str | None, typer.Option(help="From then on they may leave. [default: today]", metavar="DATE")
    ] = None,
    sku: Annotated[str | None, typer.Option(help="Of the network; the mean of all if not given.")] = None,
    network: Annotated[str, typer.Option(help="A network by name, or the path of a YAML file.")] = "kreen",
    routes: Annotated[
        str, typer.Option(help="Terminals, legs and roads by name, or the path of a YAML file.")
    ] = "kreen",
    json: Annotated[Path | None, typer.Option("--json", help="Write the same figures to FILE.", metavar="FILE")] = None,
) -> None:
    """Show the cheapest, the fastest and the cleanest way for a shipment, and all between that no other beats.

    **Examples**

    * `entrepot route dongguan los_angeles --units 2000`
    * `entrepot route dongguan hamburg --units 2000 --ready 2026-11-25 --due 2026-12-20 --json front.json`
    """
    refuse_unwritable(json, "--json")
    begin = date.today() if ready is None else _date(ready, "--ready")
    end = None if due is None else _date(due, "--due")
    described, book = load_network(network), load_routes(routes)
    known = RouteMap.of(book, {**described.nodes, **described.suppliers})
    m3, kg = _unit(described, network, sku)
    goods = Goods(units * m3, units * kg)
    found = front(known, origin, destination, goods, ready=begin.toordinal())
    if not found:
        raise ConfigurationError(
            f"{origin} to {destination}: no legs of routes {book.name} lead there with enough room"
        )
    kept = found if end is None else [way for way in found if way.arrival <= end.toordinal()]
    if not kept:
        soonest = min(found, key=lambda way: way.arrival)
        raise ConfigurationError(
            f"--due: {end}; nothing that is ready on {begin} is in {destination} before "
            f"{date.fromordinal(soonest.arrival)} ({_said(soonest, known)})"
        )
    rows = [_row(way, kept, units, known) for way in kept]
    out = console()
    size = f"{units:,} units of {sku or 'the mean SKU'}, {goods.m3:,.3g} m³, {goods.kg:,.4g} kg"
    out.print(
        headed(f"{origin} → {destination}", f": {size}, ready on {begin}{'' if end is None else f', due by {end}'}")
    )
    out.print(table("Ways that no other beats in cost, days and CO₂e", [_shown(row) for row in rows]))
    remarks = _remarks(kept, known, ready is None, sku is None, len(found) - len(kept))
    tell(remarks, out)
    if json:
        asked = {"network": network, "routes": routes, "from": origin, "to": destination, "units": units}
        when = {"ready": begin.isoformat(), "due": None if end is None else end.isoformat()}
        more = {"m3": goods.m3, "kg": goods.kg, "remarks": remarks}
        write_json(json, rows, provenance={"command": "route", **asked, **when, **more})


def _date(text: str, key: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{key}: {text!r} is no date; one is written as 2026-01-31") from error


def _unit(described: NetworkDescription, network: str, sku: str | None) -> tuple[float, float]:
    """Volume and mass of a unit."""
    goods = assortment_of(described)
    if sku is None:
        return float(goods.volume_m3.mean()), float(goods.weight_kg.mean())
    if sku not in goods.names:
        few = ", ".join(goods.names[:8]) + (", …" if len(goods.names) > 8 else "")
        raise ConfigurationError(f"--sku: {sku!r} is none of {network}'s {len(goods.names)}; allowed: {few}")
    number = goods.names.index(sku)
    return float(goods.volume_m3[number]), float(goods.weight_kg[number])


def _said(way: Route, known: RouteMap) -> str:
    """Places and modes, a star where the distance follows from the places."""
    text = way.moves[0].leg.origin
    for move in way.moves:
        text += f" –{move.leg.mode.value}{'*' if move.leg.name in known.guessed else ''}→ {move.leg.destination}"
    return text


def _row(way: Route, ways: list[Route], units: int, known: RouteMap) -> Row:
    best = {
        "cheapest": min(ways, key=lambda one: (one.usd, one.days, one.kg_co2e)),
        "fastest": min(ways, key=lambda one: (one.days, one.usd, one.kg_co2e)),
        "cleanest": min(ways, key=lambda one: (one.kg_co2e, one.usd, one.days)),
    }
    return {
        "best": [name for name, one in best.items() if one is way],
        "route": _said(way, known),
        "departs": date.fromordinal(way.departure).isoformat(),
        "arrives": date.fromordinal(way.arrival).isoformat(),
        "days": way.days,
        "expected_late_days": way.expected_late_days,
        "usd": way.usd,
        "usd_per_unit": way.usd / units,
        "kg_co2e": way.kg_co2e,
        "legs": [
            {
                "leg": move.leg.name,
                "departs": date.fromordinal(move.departure).isoformat(),
                "arrives": date.fromordinal(move.arrival).isoformat(),
                "distance_km": move.leg.distance_km,
                "distance_follows_from_places": move.leg.name in known.guessed,
            }
            for move in way.moves
        ],
    }


def _shown(row: Row) -> Row:
    listed = {name: value for name, value in row.items() if name != "legs"}
    return listed | {"best": ", ".join(row["best"]), "usd": f"{row['usd']:,.2f}", "kg_co2e": f"{row['kg_co2e']:,.1f}"}


def _remarks(ways: list[Route], known: RouteMap, today: bool, mean: bool, late: int) -> list[str]:
    """What is assumed, guessed and left out."""
    told = []
    if today:
        told.append("assumed: ready today; --ready takes another day")
    if mean:
        told.append("assumed: units of the network's mean volume and mass; --sku takes one of its SKUs")
    legs = {move.leg.name: move.leg for way in ways for move in way.moves if move.leg.name in known.guessed}
    if legs:
        modes = sorted({leg.mode.value for leg in legs.values()})
        told.append(
            f"guessed (*): {len(legs)} distances by {' and '.join(modes)} are the great circle times the mode's "
            "detour, an assumption of the routes' YAML"
        )
    if late:
        told.append(f"left out: {late} more that would arrive after --due")
    told.append(
        "as scheduled: expected late days are each leg's mean delay and no missed connections; left out: duty, capital "
        "in transit, check-in at a fulfilment centre, storage at terminals, space that is sold out"
    )
    return told
