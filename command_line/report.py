"""`entrepot report`: the source paper's claims put to the test."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Put the source paper's claims to the test.",
    rich_markup_mode="markdown",
    add_completion=False,
)


@app.callback()
def _report() -> None:
    """Put the source paper's claims to the test."""


@app.command()
def paper(
    network: Annotated[str, typer.Argument(help="A network by name, or the path of your own YAML.")] = "kreen_inside",
    policy: Annotated[
        str | None,
        typer.Option(help="The active side's: a name, or the folder of a run or module; kreen's released one."),
    ] = None,
    episodes: Annotated[int, typer.Option(min=2, help="Scenarios that every side lives through.")] = 32,
    days: Annotated[int, typer.Option(min=1, help="Days that count.")] = 180,
    warm_up_days: Annotated[int, typer.Option(min=0, help="Days before them that don't.")] = 90,
    seed: Annotated[int, typer.Option(min=0, help="Of the scenarios.")] = 0,
    history: Annotated[str | None, typer.Option(help="A sales history; the calibrated generator if not given.")] = None,
    measured: Annotated[
        Path | None,
        typer.Option(
            help="Take the twin's figures from this JSON of an earlier run, in place of living through them; what "
            "other benchmarks saved since is told anew."
        ),
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of what other benchmarks saved.")] = Path("docs/results"),
    page: Annotated[Path | None, typer.Option(help="Write the page, Markdown, and its figure beside it.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures here.")] = None,
) -> None:
    """Passive against active practice on the same held-out scenarios, one row a claim, and one part left out at a time.

    **Examples**

    * `entrepot report paper --history sales.parquet --page docs/paper.md --json paper.json`
    * `entrepot report paper --episodes 8 --days 90` — on generated demand, sooner
    * `entrepot report paper --measured docs/results/paper.json --page docs/paper.md` — the page anew, at once
    """
    from entrepot.command_line.progress import shown
    from entrepot.command_line.tables import console, headed, table, tell
    from entrepot.configs.files import refuse_unwritable
    from entrepot.envs.demand.settings import DemandSettings
    from entrepot.envs.memory import keep_freed_memory
    from entrepot.training.experiment import EvaluationSettings
    from entrepot.training.report.again import told_again
    from entrepot.training.report.page import write_page, write_rows
    from entrepot.training.report.paper import put_to_the_test
    from entrepot.training.threads import computing_on, threads_each

    keep_freed_memory()
    refuse_unwritable(json_file, "--json")
    refuse_unwritable(page, "--page")
    settings = EvaluationSettings(episodes=episodes, days=days, warm_up_days=warm_up_days, seed=seed)
    out = console()
    if measured is not None:
        found = told_again(measured, results)
    else:
        with shown(out) as observe, computing_on(threads_each(1)):
            found = put_to_the_test(
                network, DemandSettings(path=history), settings, policy=policy, results=results, observe=observe
            )
    out.print(headed("demand", f" {found.provenance['demand']}; test scenarios"), soft_wrap=True)
    out.print(table("The paper's claims", [found.shown(row) for row in found.claims]))
    out.print(table("Active without one of its parts", [found.part_shown(row) for row in found.parts]))
    tell(found.notes, out)
    if json_file is not None:
        write_rows(found, json_file)
    if page is not None:
        write_page(found, page)
