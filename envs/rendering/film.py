"""Frames as one moving picture in a file."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from entrepot.configs.files import write_atomically
from entrepot.configs.loader import ConfigurationError

Colour = tuple[int, int, int]

FORMATS = {".gif": "GIF", ".webp": "WEBP", ".png": "PNG"}
"""What Pillow writes with several frames, by the file's suffix."""
COLOURS = 128
"""Of the first frame, beside those that must be among them."""
LAST_SHOWN_SECONDS = 2.0


class Film:
    """Keeps frames, in few colours, until they are written."""

    def __init__(self, path: Path, *, frames_per_second: float, colours: Sequence[Colour] = ()) -> None:
        """Name the file.

        Args:
            path: of the file; its suffix says the format.
            frames_per_second: how fast it runs; its last frame stays for `LAST_SHOWN_SECONDS`.
            colours: that later frames need, at most 128.

        Raises:
            ConfigurationError: the suffix is of no format that is known.
        """
        if path.suffix.lower() not in FORMATS:
            raise ConfigurationError(f"--out: {str(path)!r}; allowed: a file that ends in {', '.join(FORMATS)}")
        self._path, self._milliseconds = path, round(1000 / frames_per_second)
        self._colours = [value for colour in colours for value in colour]
        self._frames: list[Image.Image] = []
        self._palette: Image.Image | None = None

    def __len__(self) -> int:
        """Frames so far."""
        return len(self._frames)

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Take a frame.

        Args:
            pixels: [height, width, 3].
        """
        image = Image.fromarray(pixels)
        if self._palette is None:
            # All frames have the first one's colours, so that nothing flickers and little is written twice.
            first = image.quantize(COLOURS, dither=Image.Dither.NONE).getpalette() or []
            self._palette = Image.new("P", (1, 1))
            self._palette.putpalette([*first[: 3 * COLOURS], *self._colours])
        self._frames.append(image.quantize(palette=self._palette, dither=Image.Dither.NONE))

    def write(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            OSError: it can't be written.
        """
        content = BytesIO()
        first, *others = self._frames
        seconds = [self._milliseconds] * len(others) + [round(1000 * LAST_SHOWN_SECONDS)]
        first.save(
            content,
            format=FORMATS[self._path.suffix.lower()],
            save_all=True,
            append_images=others,
            duration=seconds,
            loop=0,
            optimize=False,
        )
        write_atomically(self._path, content.getvalue())
