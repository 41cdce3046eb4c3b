"""`entrepot resilience`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from entrepot.envs.demand import Split

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)


@app.command()
def resilience(
    network: Annotated[str, typer.Argument(help="A network by name, or the path of your own YAML.")],
    policies: Annotated[
        str,
        typer.Option(help="Comma-separated, as in `entrepot evaluate`; each decides by what is known on the day."),
    ] = "base_stock,s_S",
    disruptions: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated: names of those that ship, or paths of YAML files. All that ship and befall the "
            "network if not given."
        ),
    ] = None,
    episodes: Annotated[
        int, typer.Option(min=2, help="Scenarios, each lived through with the event and without.")
    ] = 32,
    before_days: Annotated[int, typer.Option(min=7, help="Days that count before the event.")] = 28,
    after_days: Annotated[int, typer.Option(min=1, help="Days after its end.")] = 90,
    warm_up_days: Annotated[int, typer.Option(min=0, help="Days before all that don't count.")] = 90,
    threshold: Annotated[
        float,
        typer.Option(
            help="Share of the undisturbed fill rate below which a network doesn't survive.", min=0.01, max=0.99
        ),
    ] = 0.95,
    tolerance: Annotated[
        float,
        typer.Option(help="Within this share of the undisturbed fill rate it has recovered.", min=0.01, max=0.99),
    ] = 0.05,
    seed: Annotated[int, typer.Option(min=0, help="Of the scenarios.")] = 0,
    split: Annotated[Split, typer.Option(help="Part of the time line that demand is drawn from.")] = Split.TEST,
    history: Annotated[str | None, typer.Option(help="A sales history; the calibrated generator if not given.")] = None,
    demand: Annotated[str | None, typer.Option(help="A demand YAML by name or path.")] = None,
    skus: Annotated[int | None, typer.Option(min=1, help="How many SKUs of the network's catalogue.")] = None,
    observation: Annotated[
        str,
        typer.Option(
            help="What is known of the world: as_live, erroneous, or exact, which shows holds and closures in the days "
            "to arrival before anybody knows of them."
        ),
    ] = "as_live",
    threads: Annotated[int, typer.Option(min=0, help="Of torch. 0 takes one per core.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures here.")] = None,
    plots: Annotated[Path | None, typer.Option(help="Draw service over the days into this folder.")] = None,
) -> None:
    """See how policies stand disruptions: service kept, time to survive and to recover, cost.

    The same scenarios are lived through with the event and without. Policies are tuned on a network that nothing
    befalls. Intervals are of 95 %, over episodes.

    **Examples**

    * `entrepot resilience kreen --policies base_stock,s_S --plots plots`
    * `entrepot resilience kreen --policies base_stock,checkpoints/kreen-pathwise --disruptions suez_to_cape,fire`
    * `entrepot resilience my_network.yaml --policies base_stock --disruptions my_strike.yaml --history sales.parquet`
    """
    from entrepot.command_line.progress import shown
    from entrepot.command_line.tables import console, headed, print_warnings, table, tell
    from entrepot.configs.errors import ConfigurationError
    from entrepot.configs.files import refuse_unwritable
    from entrepot.envs.demand.settings import DemandSettings
    from entrepot.envs.memory import keep_freed_memory
    from entrepot.envs.world import build_world
    from entrepot.training.base_stock.kept import Tuning
    from entrepot.training.evaluation.resilience import ResilienceSettings
    from entrepot.training.evaluation.resilience_figures import rows_of
    from entrepot.training.evaluation.resilience_report import write_resilience
    from entrepot.training.judging import told, try_disruptions
    from entrepot.training.policies import named_policies
    from entrepot.training.threads import computing_on, threads_each

    keep_freed_memory()
    refuse_unwritable(json_file, "--json")
    refuse_unwritable(plots / "event.png" if plots else None, "--plots")
    world = build_world(network, DemandSettings(name=demand, path=history), skus=skus, observation=observation)
    names = named_policies(policies, world.description.name)
    settings = ResilienceSettings(
        episodes=episodes,
        warm_up_days=warm_up_days,
        before_days=before_days,
        after_days=after_days,
        seed=seed,
        threshold=threshold,
        tolerance=tolerance,
    )
    out = console()
    chosen, left_out = _chosen(disruptions, world)
    if not chosen:
        raise ConfigurationError(
            f"--disruptions: none of those that ship befalls {world.description.name}; give a path"
        )
    out.print(headed("demand", f" {world.demand.summary}; {split} scenarios"), soft_wrap=True)
    tell([f"  {line}" for line in world.demand.remarks], out)
    tell([f"left out: {line}" for line in left_out], out)
    print_warnings(out, world.warnings(days=before_days + after_days))
    with shown(out) as observe, computing_on(threads_each(threads)):
        tuning = told(Tuning(), observe)
        found = try_disruptions(
            names, world, chosen, settings, tuning=tuning, split=split, observation=observation, observe=observe
        )
    rows = rows_of(found)
    for disruption in chosen:
        of_it = [_shown(row) for row in rows if row["disruption"] == disruption.name]
        out.print(table(f"{disruption.name}: {disruption.title}", of_it))
    tell(found.remarks, out)
    tell(_definitions(settings), out)
    write_resilience(found, world, tuning.budgets, json_file=json_file, plots=plots)


def _chosen(disruptions: str | None, world: Any) -> tuple[list[Any], list[str]]:
    """The disruptions, and why some of those that ship are left out."""
    from entrepot.configs.errors import ConfigurationError
    from entrepot.configs.loader import available
    from entrepot.envs.network.disruption import load_disruption

    if disruptions is not None:
        names = list(dict.fromkeys(name.strip() for name in disruptions.split(",") if name.strip()))
        if not names:
            raise ConfigurationError(f"--disruptions: empty; allowed: {', '.join(available('disruption'))}, or paths")
        return [load_disruption(name) for name in names], []
    chosen, left_out = [], []
    for name in available("disruption"):
        described = load_disruption(name)
        try:
            world.network.befallen_by(described, world.description)
        except ConfigurationError as error:
            left_out.append(str(error))
        else:
            chosen.append(described)
    return chosen, left_out


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    def between(name: str, form: str) -> str:
        value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
        return "–" if value is None else f"{value:{form}} ({low:{form}} to {high:{form}})"

    def days(name: str, beyond: str, share: float) -> str:
        value = row[name]
        return (
            f"{beyond} in {share:.0%}"
            if value is None
            else f"{value:.0f}" + (f"; {beyond} in {share:.0%}" if share else "")
        )

    worst = row["worst_market_service_kept"]
    return {
        "policy": row["policy"],
        "fill_without": f"{row['fill_rate_without']:.1%}",
        "service_kept": between("service_kept", ".1%"),
        "kept_after": between("service_kept_after", ".1%"),
        "worst_market": "–" if worst is None else f"{row['worst_market']} {worst:.1%}",
        "days_to_survive": days("time_to_survive_days", "never fell", row["never_fell_share"]),
        "days_to_recover": days("time_to_recover_days", "not yet", row["not_recovered_share"]),
        "cost_usd": between("event_cost_usd", ",.0f"),
        "lost_units": between("event_lost_sales_units", ",.0f"),
    }


def _definitions(settings: Any) -> list[str]:
    return [
        "service kept: fill rate during the event, and from its end to the last day, over that without it",
        "days to survive: from its start until the fill rate of the last seven days is below "
        f"{settings.threshold:.0%} of the undisturbed; days to recover: from its end until it is within "
        f"{settings.tolerance:.0%} for good; the median episode of {settings.episodes}, looked at until "
        f"{settings.after_days} days after the event",
        "cost: settled cost with the event less that without, of all days that count; what a surge's sales bring in is "
        "no part of it",
    ]
