"""Write docs/results.md and its figures from what `study.py` saved: `python benchmarks/study_page.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from prose import wrapped
from study_ablations_section import ablations
from study_clock_section import wall_time
from study_learning_section import learning
from study_opening_section import opening
from study_saved import Saved
from study_scaling_section import scaling
from study_test_section import test_table
from study_transfer_section import transfer

from entrepot.configs.files import write_atomically

DOCS = Path(__file__).parents[1] / "docs"
SECTIONS: list[Callable[[Saved, Path], str]] = [learning, wall_time, test_table, transfer, ablations, scaling]


def main(
    results: Annotated[Path, typer.Option(help="What `study.py` saved.")] = DOCS / "results",
    page: Annotated[Path, typer.Option(help="The page to write; figures go to `images` beside it.")] = DOCS
    / "results.md",
) -> None:
    """Write the page."""
    saved, images = Saved(results), page.parent / "images"
    sections = [section(saved, images) for section in SECTIONS]
    write_atomically(page, wrapped("\n".join([opening(saved), *sections])))


if __name__ == "__main__":
    typer.run(main)
