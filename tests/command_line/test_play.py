from pathlib import Path

import pytest
from PIL import Image

from tests.command_line.conftest import Entrepot

SHORT = ["two_warehouses", "--skus", "3", "--days", "5", "--warm-up-days", "4"]


def test_an_episode_is_drawn_with_the_stock_of_chosen_skus(entrepot: Entrepot, tmp_path: Path) -> None:
    done = entrepot("play", *SHORT, "--every", "2", "--plot-skus", "sku-00002")
    assert done.exit_code == 0, done.output
    assert "two_warehouses.gif: 4 frames" in done.output  # days 0, 2, 4 and the last
    assert "min_max: " in done.output
    assert "of demand lost" in done.output
    with Image.open(tmp_path / "two_warehouses.gif") as film:
        assert getattr(film, "n_frames", 1) == 4
    assert "stock of sku-00002: two_warehouses-stock.png" in done.output
    assert (tmp_path / "two_warehouses-stock.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "film.mp4"], "--out: 'film.mp4'; allowed: a file that ends in .gif, .webp, .png"),
        (["--plot-skus", "kettle"], "--plot-skus: 'kettle'; allowed: sku-00001, sku-00002, sku-00003, or how many"),
        (["--plot-skus", "9"], "--plot-skus: 9; allowed: 1 to 8, or names of SKUs"),
        (["--stock-plot", "here.png"], "--stock-plot: needs --plot-skus"),
        (["--policy", "hindsight"], "--policy: 'hindsight' knows what is to come"),
        (["--policy", "best"], "'best' is neither a policy"),
    ],
)
def test_what_can_not_be_played_is_said_in_a_line(
    entrepot: Entrepot, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = entrepot("play", *SHORT, *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []
