"""Two warehouses with equipment that wears: two lifts of the hub's, three pickers of the shop's."""

from pathlib import Path

import yaml

from entrepot.envs.network import NetworkDescription, load_network
from entrepot.envs.network.inside.description import Inside

LAYOUT = {"area_m2": 600, "storage_m3": 400}
LIFTS = {"units": 2, "serves": "dock", "mtbf_hours": 30.0, "repair_hours": 20.0, "least_use": 1.0}
PICKERS = {"units": 3, "serves": "picking", "mtbf_hours": 60.0, "least_use": 0.5, "hours_per_day": 16.0}
INSIDE = {
    "wear": True,
    "warehouses": {
        "hub": {"layout": LAYOUT, "equipment": {"lifts": LIFTS}},
        "shop": {"layout": LAYOUT, "equipment": {"pickers": PICKERS}},
    },
}


def worn(skus: int = 3) -> NetworkDescription:
    """The network."""
    return load_network("two_warehouses", skus=skus).model_copy(update={"inside": Inside.model_validate(INSIDE)})


def worn_file(folder: Path) -> Path:
    """Its YAML in a folder."""
    path = folder / "worn.yaml"
    path.write_text(yaml.safe_dump({"extends": "two_warehouses", "name": "worn", "inside": INSIDE}), encoding="utf-8")
    return path
