"""`entrepot evaluate`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import WindowsName


class Bound(StrEnum):
    """What `--bound` may be."""

    HINDSIGHT = "hindsight"
    DUAL = "dual"


app = typer.Typer(rich_markup_mode="markdown", add_completion=False)


@app.command()
def evaluate(
    network: Annotated[str, typer.Argument(help="A network by name, or the path of your own YAML.")],
    policies: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated: the rules min_max, base_stock, s_S and forecast_base_stock, or a rule's YAML; "
            "untrained, mpc, mpc_forecast, hindsight (the bound, or hindsight_joint, slower and closer), folders of "
            "runs, folders of exported modules. Each is told against the best rule. Without it: all rules, "
            "untrained, and the module released for the network, if there is one."
        ),
    ] = None,
    episodes: Annotated[int, typer.Option(min=2, help="Scenarios that every policy lives through.")] = 256,
    days: Annotated[int, typer.Option(min=1, help="Days that count.")] = 180,
    warm_up_days: Annotated[int, typer.Option(min=0, help="Days before them that don't.")] = 90,
    seed: Annotated[int, typer.Option(min=0, help="Of the scenarios.")] = 0,
    split: Annotated[Split, typer.Option(help="Part of the time line that demand is drawn from.")] = Split.TEST,
    history: Annotated[str | None, typer.Option(help="A sales history; the calibrated generator if not given.")] = None,
    demand: Annotated[str | None, typer.Option(help="A demand YAML by name or path.")] = None,
    windows: Annotated[
        WindowsName,
        typer.Option(help="Of the demand YAML; or the history divided, as a run with demand.windows=divided had it."),
    ] = "as_given",
    skus: Annotated[int | None, typer.Option(min=1, help="How many SKUs of the network's catalogue.")] = None,
    observation: Annotated[
        str,
        typer.Option(help="What is known: exact, as_live (arrivals by schedule, sales for demand) or erroneous."),
    ] = "exact",
    disruption: Annotated[
        str | None, typer.Option(help="What befalls the network, by name, or the path of a YAML file.", metavar="NAME")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="How many mpc and hindsight plan in; one per core if not given.")
    ] = None,
    threads: Annotated[
        int,
        typer.Option(
            min=0, help="Of torch. 0 takes one per core: a little faster while all are idle, several times slower else."
        ),
    ] = 1,
    bound: Annotated[
        Bound | None,
        typer.Option(
            help="What no policy's mean cost is below: hindsight, which knows the future, or dual, "
            "which is charged for knowing it (generated demand only). Each policy's gap to it is told."
        ),
    ] = None,
    futures: Annotated[
        int, typer.Option(min=1, help="Of the dual bound: so many from each day on; more are slower and closer.")
    ] = 32,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures here.")] = None,
    plots: Annotated[Path | None, typer.Option(help="Draw plots into this folder.")] = None,
) -> None:
    """Compare policies on the same held-out scenarios: cost with its parts, KPIs, paired differences.

    **Examples**

    * `entrepot evaluate kreen` — the rules and the released policy
    * `entrepot evaluate kreen --policies min_max,base_stock,checkpoints/kreen-pathwise --history sales.parquet`
    * `entrepot evaluate kreen --policies min_max,base_stock,mpc,hindsight --episodes 16` — planners take long
    * `entrepot evaluate two_warehouses --policies base_stock,s_S --bound dual --episodes 16` — and their gap to it
    * `entrepot evaluate my_network.yaml --policies base_stock,checkpoints/kreen-pathwise --episodes 64 --plots plots`
    """
    from entrepot.command_line.progress import shown
    from entrepot.command_line.tables import console, headed, print_warnings, tell
    from entrepot.command_line.verdict import print_evaluation
    from entrepot.configs.files import refuse_unwritable
    from entrepot.envs.demand.settings import DemandSettings
    from entrepot.envs.memory import keep_freed_memory
    from entrepot.envs.world import build_world
    from entrepot.training.base_stock.kept import Tuning
    from entrepot.training.evaluation.report import write_evaluation
    from entrepot.training.experiment import EvaluationSettings
    from entrepot.training.judging import judge, told
    from entrepot.training.policies import named_policies
    from entrepot.training.threads import computing_on, threads_each, told_of_threads

    keep_freed_memory()
    refuse_unwritable(json_file, "--json")
    refuse_unwritable(plots / "cost.png" if plots else None, "--plots")
    world = build_world(
        network,
        DemandSettings(name=demand, path=history, windows=windows),
        skus=skus,
        observation=observation,
        disruption=disruption,
    )
    names = named_policies(policies, world.description.name)
    names += [str(bound)] if bound is not None and str(bound) not in names else []
    settings = EvaluationSettings(episodes=episodes, days=days, warm_up_days=warm_up_days, seed=seed)
    out = console()
    out.print(headed("demand", f" {world.demand.summary}; {split} scenarios"), soft_wrap=True)
    tell([f"  {line}" for line in world.demand.remarks], out)
    tell([*world.knowledge_lines, *world.disruption_lines], out)
    print_warnings(out, world.warnings(days=days))
    out.print(headed("threads", f" {told_of_threads(threads, '--threads')}"), soft_wrap=True)
    with shown(out) as observe, computing_on(threads_each(threads)):
        tuning = told(Tuning(processes=processes, futures=futures), observe)
        judged = judge(names, world, settings, tuning=tuning, split=split, observe=observe)
    print_evaluation(judged, world, tuning.budgets, out)
    write_evaluation(judged, world, tuning.budgets, json_file=json_file, plots=plots)
