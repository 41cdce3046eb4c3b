"""`entrepot play`: one episode, drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entrepot.envs.demand import Split

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)


@app.command()
def play(
    network: Annotated[str, typer.Argument(help="A network by name, or the path of your own YAML.")],
    policy: Annotated[
        str,
        typer.Option(help="min_max, base_stock, mpc, or the folder of a run or of an exported module."),
    ] = "min_max",
    days: Annotated[int, typer.Option(min=1, help="Days that are shown.")] = 90,
    warm_up_days: Annotated[int, typer.Option(min=0, help="Days before them that aren't.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Of the scenario.")] = 0,
    every: Annotated[int, typer.Option(min=1, help="Days from one frame to the next.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Where the moving picture goes. [default: NETWORK.gif]", metavar="FILE.gif|.webp|.png"),
    ] = None,
    frames_per_second: Annotated[float, typer.Option("--fps", min=0.1, max=50, help="How fast it runs.")] = 6.0,
    split: Annotated[Split, typer.Option(help="Part of the time line that demand is drawn from.")] = Split.TEST,
    history: Annotated[str | None, typer.Option(help="A sales history; the calibrated generator if not given.")] = None,
    demand: Annotated[str | None, typer.Option(help="A demand YAML by name or path.")] = None,
    skus: Annotated[int | None, typer.Option(min=1, help="How many SKUs of the network's catalogue.")] = None,
    observation: Annotated[
        str,
        typer.Option(help="What is known: exact, as_live (arrivals by schedule, sales for demand) or erroneous."),
    ] = "exact",
    disruption: Annotated[
        str | None, typer.Option(help="What befalls the network, by name, or the path of a YAML file.", metavar="NAME")
    ] = None,
    plot_skus: Annotated[
        str | None,
        typer.Option(help="Comma-separated SKUs whose stock to draw over the days, or how many of the best-selling."),
    ] = None,
    stock_plot: Annotated[
        Path | None,
        typer.Option(help="Where that goes. [default: NETWORK-stock.png]", metavar="FILE.png"),
    ] = None,
) -> None:
    """Draw one episode of a policy, day by day, as a moving picture.

    The map has stock in days of demand and what was shipped; beside it stands what each node has and could not serve.

    **Examples**

    * `entrepot play kreen` — today's practice, to `kreen.gif`
    * `entrepot play kreen --policy checkpoints/released/kreen-pathwise --days 180 --every 2 --out kreen.webp`
    * `entrepot play my_network.yaml --policy base_stock --plot-skus kettle,lamp`
    """
    from time import perf_counter

    from entrepot.command_line.progress import shown
    from entrepot.command_line.tables import console, headed, print_warnings, tell
    from entrepot.configs.files import refuse_unwritable, write_atomically
    from entrepot.configs.loader import ConfigurationError
    from entrepot.envs.demand.settings import DemandSettings
    from entrepot.envs.rendering.film import Film
    from entrepot.envs.rendering.network_frame import Stage
    from entrepot.envs.rendering.scene import Scene
    from entrepot.envs.rendering.stock_chart import png_of, stock_figure
    from entrepot.envs.world import build_world
    from entrepot.training.base_stock.kept import Tuning
    from entrepot.training.evaluation.evaluate import ScenarioSolver
    from entrepot.training.evaluation.playing import chosen_skus, play
    from entrepot.training.events import Event, Kind
    from entrepot.training.judging import told
    from entrepot.training.policies import build_policies

    world = build_world(
        network,
        DemandSettings(name=demand, path=history),
        skus=skus,
        observation=observation,
        disruption=disruption,
    )
    path = out or Path(f"{world.description.name}.gif")
    film = Film(path, frames_per_second=frames_per_second, colours=Stage.colours())
    refuse_unwritable(path, "--out")
    chosen = None if plot_skus is None else chosen_skus(plot_skus, world)
    if stock_plot is not None and chosen is None:
        raise ConfigurationError("--stock-plot: needs --plot-skus, which says whose stock is drawn")
    stock_path = stock_plot or Path(f"{world.description.name}-stock.png")
    refuse_unwritable(stock_path if chosen else None, "--stock-plot")
    terminal = console()
    terminal.print(headed("demand", f" {world.demand.summary}; {split} scenarios"), soft_wrap=True)
    tell([f"  {line}" for line in world.demand.remarks], terminal)
    tell(world.knowledge_lines, terminal)
    print_warnings(terminal, world.warnings(days=days))
    stage, drawing = Stage(world.description), 0.0
    with shown(terminal) as observe:
        tuning = told(Tuning(), observe)
        ((name, who),) = build_policies([policy], world, tuning).items()
        if isinstance(who, ScenarioSolver):
            raise ConfigurationError(f"--policy: {policy!r} knows what is to come and is no policy that can be played")

        def show(scene: Scene) -> None:
            nonlocal drawing
            began = perf_counter()
            film.add(stage.frame(scene))
            drawing += perf_counter() - began
            observe(Event(Kind.JUDGING, len(film), 2 + (days - 1) // every, name))

        played = play(world, who, days=days, warm_up_days=warm_up_days, seed=seed, every=every, split=split, show=show)
        began = perf_counter()
        film.write()
        drawing += perf_counter() - began
    cost, lost = float(played.usd_per_day.mean()), played.lost_share
    terminal.print(f"{name}: {cost:,.0f} USD a day over these {days} days, {lost:.1%} of demand lost", highlight=False)
    terminal.print("one episode says little of a policy: `entrepot evaluate` compares them on many", highlight=False)
    terminal.print(f"{path}: {len(film)} frames, {drawing / len(film):.2f} s each", soft_wrap=True, highlight=False)
    if chosen:
        columns = [world.network.skus.index(sku) for sku in chosen]
        figure = stock_figure(
            world.network.nodes,
            chosen,
            played.first_day,
            played.on_hand[:, :, columns],
            played.in_transit[:, :, columns],
            played.lost[:, :, columns].sum(axis=1),
            title=f"{world.description.title or world.description.name}, {name}",
        )
        write_atomically(stock_path, png_of(figure))
        terminal.print(f"stock of {', '.join(chosen)}: {stock_path}", soft_wrap=True, highlight=False)
