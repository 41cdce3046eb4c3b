from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.rendering.film import Film

RED, BLUE = (np.full((8, 12, 3), colour, np.uint8) for colour in ((200, 0, 0), (0, 0, 200)))


@pytest.mark.parametrize("name", ["film.gif", "film.webp", "film.PNG"])
def test_frames_come_back_in_order_and_in_time(tmp_path: Path, name: str) -> None:
    film = Film(tmp_path / name, frames_per_second=5)
    both = np.concatenate([RED, BLUE])
    film.add(both)
    film.add(both[::-1])
    assert len(film) == 2
    film.write()
    with Image.open(tmp_path / name) as found:
        assert getattr(found, "n_frames", 1) == 2
        assert found.size == (12, 16)
        found.seek(1)
        assert found.convert("RGB").getpixel((3, 3)) == pytest.approx((0, 0, 200), abs=8)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_format_that_is_not_known_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"--out: .*film.mp4'; allowed: a file that ends in .gif, .webp, .png"):
        Film(tmp_path / "film.mp4", frames_per_second=5)
