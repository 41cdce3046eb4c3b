from pathlib import Path

import numpy as np
from matplotlib.image import imread

from entrepot.envs.rendering.demand_chart import save_demand
from entrepot.envs.snapshot import calendar


def test_a_sample_is_drawn_with_a_panel_for_each_market(tmp_path: Path) -> None:
    days = calendar.day_number("2024-01-01") + np.arange(60)
    drawn = np.random.default_rng(0).poisson(3.0, (60, 2, 4)).astype(np.float32)
    for markets, height in ((2, 440), (1, 253)):
        save_demand(tmp_path / "demand.png", ["east", "west"][:markets], days, drawn[:, :markets])
        assert imread(tmp_path / "demand.png").shape[0] == height
