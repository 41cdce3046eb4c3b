"""What a run's module says of where it comes from."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from entrepot.configs.files import write_atomically
from entrepot.configs.loader import configuration_folder
from entrepot.envs.world import build_world
from entrepot.training.base_stock.file import TunedBaseStock, save_base_stock
from entrepot.training.experiment import BASE_STOCK_FILE
from entrepot.training.export import exporting
from entrepot.training.trainers.modules import neural_policy, save_policy
from tests.training.tiny import tiny_experiment


def test_a_modules_provenance_names_files_and_none_of_the_folders_they_were_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    run = experiment.run_folder
    world = build_world(experiment.network, experiment.demand)
    cover = world.attributes.base_cover_days
    write_atomically(run / "experiment.json", experiment.model_dump_json())
    save_policy(neural_policy(experiment).state_dict(), cover, run / "policy.pt")
    save_base_stock(TunedBaseStock(torch.ones_like(cover), 5, 100, 1.5), world.network, run / BASE_STOCK_FILE)
    told: dict[str, Any] = {}
    monkeypatch.setattr(exporting, "RECORDED_DAYS", 5)
    monkeypatch.setattr(exporting, "export_policy", lambda *_, **arguments: told.update(arguments))  # that takes long
    exporting.export_run(run, tmp_path / "exported")
    assert told["provenance"]["demand"].startswith("history sales.csv, trained on")
    assert told["provenance"]["experiment"]["network"] == "mine.yaml"
    assert str(tmp_path) not in json.dumps(told["provenance"])
