"""What docks and pickers of each node get done in a day: as given, or as layout, people and equipment give it."""

from __future__ import annotations

from dataclasses import dataclass

from entrepot.envs.network.assortment import Assortment
from entrepot.envs.network.description import NetworkDescription
from entrepot.envs.network.inside.warehouse import Warehouse


@dataclass(frozen=True)
class Rates:
    """Of one node."""

    dock_m3_per_day: float
    picking_units_per_day: float
    pick_hours_per_unit: float = 0.0  # of one person; 0 where no layout gives it


def rates_of(network: NetworkDescription, goods: Assortment) -> dict[str, Rates]:
    """Of every node. With `rates: layout`, a node's own figures count only where nothing inside gives them.

    Args:
        network: of which the nodes are.
        goods: its SKUs.

    Raises:
        ConfigurationError: a layout can't be used, and why.
    """
    rates = {name: Rates(node.dock_m3_per_day, node.picking_units_per_day) for name, node in network.nodes.items()}
    inside = network.inside
    if inside is None or inside.rates == "given":
        return rates
    for name, described in inside.warehouses.items():
        if described.picking is None and described.dock is None:
            continue
        warehouse = Warehouse.of(name, inside, goods)
        dock, picking = warehouse.dock_m3_per_day, warehouse.picking_units_per_day
        given = rates[name]
        rates[name] = Rates(
            given.dock_m3_per_day if dock is None else dock,
            given.picking_units_per_day if picking is None else picking,
            warehouse.hours_a_unit or 0.0,
        )
    return rates
