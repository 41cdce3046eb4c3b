"""`entrepot export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A run's folder, as `entrepot train` leaves it.")],
    out: Annotated[Path, typer.Option("--out", help="Where the module's folder goes.")] = Path("exported"),
    name: Annotated[str | None, typer.Option(help="The module's name; the run's if not given.")] = None,
    version: Annotated[str | None, typer.Option(help="Its version; the next free one if not given.")] = None,
) -> None:
    """Turn a run's best policy into a module that runs without torch.

    The module is a folder `NAME/VERSION` with `policy.onnx`, `manifest.json`, `network.npz`, `golden.npz` and
    `fallback.json`.

    **Example**

    * `entrepot export checkpoints/kreen-pathwise --out exported`
    """
    from entrepot.command_line.tables import console, headed
    from entrepot.configs.files import refuse_unwritable
    from entrepot.configs.loader import ConfigurationError
    from entrepot.training.export.exporting import export_run

    refuse_unwritable(out / run.name / "1" / "manifest.json", "--out")
    try:
        folder = export_run(run, out, name=name, version=version)
    except FileExistsError as error:
        raise ConfigurationError(str(error)) from error
    console().print(headed("exported:", f" {folder}"), soft_wrap=True)
