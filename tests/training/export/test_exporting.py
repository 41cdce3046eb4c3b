"""What a run's module says of where it comes from."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from entrepot.configs.loader import configuration_folder
from entrepot.envs.world import build_world
from entrepot.training.export.exporting import provenance_of
from tests.worlds.runs import tiny_experiment


def test_a_modules_provenance_names_files_and_none_of_the_folders_they_were_in(tmp_path: Path) -> None:
    shutil.copy(configuration_folder() / "network" / "two_warehouses.yaml", tmp_path / "mine.yaml")
    days = pd.date_range("2022-01-01", "2023-06-30").strftime("%Y-%m-%d")
    sales = pd.DataFrame({"date": days, "sku": "one", "market": "online", "units_sold": np.arange(len(days)) % 7})
    sales.to_csv(tmp_path / "sales.csv", index=False)
    experiment = tiny_experiment(
        tmp_path,
        f"network={tmp_path / 'mine.yaml'}",
        f"demand.path={tmp_path / 'sales.csv'}",
        "demand.windows=divided",
        f"base_stock.path={tmp_path / 'tuned'}",
    )
    provenance = provenance_of(experiment, build_world(experiment.network, experiment.demand))
    assert provenance["demand"].startswith("history sales.csv, trained on")
    assert provenance["experiment"]["network"] == "mine.yaml"
    assert str(tmp_path) not in json.dumps(provenance)
