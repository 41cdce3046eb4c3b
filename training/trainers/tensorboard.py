"""What researchers see in TensorBoard: scalars, histograms, figures, and the run's hyper-parameters with its result.

Tags are in a few groups, which TensorBoard sorts by name and of which it opens the first: the cost in validation. Each
rule that the policy is measured against is a run of its own below, with that one tag: a line in the same picture.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch.utils.tensorboard import SummaryWriter

from entrepot.envs.rendering.network_map import network_figure as drawn_network
from entrepot.envs.twin import Costs
from entrepot.envs.world import World
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.trainers.tags import PARTS

if TYPE_CHECKING:
    from entrepot.training.evaluation.validation import Validation, ValidationFigures
    from entrepot.training.trainers.loop import Iteration

HISTOGRAM_EVERY = 10
SHOWN_CELLS = 6
VALIDATION_COST, TRAINING_COST = "cost/validation_usd_per_day", "cost/while_training_usd_per_day"
HYPERPARAMETERS = ("network", "skus", "seed", "demand", "trainer", "policy", "windows")
"""Settings that the HPARAMS page has a column for; the Text page has them all."""


class TrainingLog:
    """Writes one run's TensorBoard folder."""

    def __init__(self, folder: Path, world: World, rules: Mapping[str, float]) -> None:
        """Open it.

        Args:
            folder: where event files go.
            world: in which training takes place.
            rules: what each rule costs on the validation scenarios, USD a day; one folder each, below.
        """
        self._writer = SummaryWriter(str(folder))
        self._rules = {name: (SummaryWriter(str(folder / name)), usd) for name, usd in rules.items()}
        self._world = world

    def iteration(self, number: int, seen: Iteration) -> None:
        """One iteration of training."""
        shown = {TRAINING_COST: seen.cost_usd_per_day, "training/lost_share": seen.lost_share}
        self.scalars(number, {**shown, **seen.scalars})
        if seen.shown is not None and number % HISTOGRAM_EVERY == 0:
            for name, parameter in seen.shown.named_parameters():
                self._writer.add_histogram(f"parameters/{name}", parameter.detach().cpu(), number)
                if parameter.grad is not None:
                    self._writer.add_histogram(f"parameters/{name}.gradient", parameter.grad.cpu(), number)

    def scalars(self, iteration: int, values: Mapping[str, float]) -> None:
        """Figures of one iteration, by name."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, iteration)

    def validation(self, iteration: int, figures: ValidationFigures, validation: Validation) -> None:
        """Figures on the validation scenarios: KPIs of the whole and of each node, stock over time, the map."""
        for name, value in figures.by_name.items():
            self._writer.add_scalar(_tag(name), value, iteration)
        for writer, usd in self._rules.values():
            writer.add_scalar(VALIDATION_COST, usd, iteration)
            writer.flush()
        for name, values in figures.by_node.items():
            for node, value in zip(self._world.network.nodes, values, strict=True):
                if np.isfinite(value):
                    self._writer.add_scalar(f"kpi_by_node/{name}/{node}", value, iteration)
        self._writer.add_figure("pictures/stock_and_pipeline", stock_figure(figures, self._world), iteration)
        self._writer.add_figure("pictures/network", network_figure(figures, self._world), iteration)
        self._writer.flush()

    def close(self) -> None:
        """Write out what is left."""
        for writer in (self._writer, *(writer for writer, _ in self._rules.values())):
            writer.close()


def _tag(name: str) -> str:
    part = name.removesuffix("_usd_per_day")
    if name == "cost_usd_per_day":
        return VALIDATION_COST
    return f"{PARTS}/{part}_validation" if part in Costs.parts() else f"kpi/{name}"


def write_hyperparameters(folder: Path, experiment: ExperimentSettings, results: dict[str, float]) -> None:
    """Add the run to TensorBoard's HPARAMS page, with its final figures; all its settings go to the Text page."""
    content = experiment.model_dump(mode="json", exclude={"folder", "compute"})
    settings = _flat({name: content[name] for name in HYPERPARAMETERS if name in content})
    with SummaryWriter(str(folder)) as writer:
        writer.add_hparams(settings, {f"result/{name}": value for name, value in results.items()}, run_name=".")
        # A line that is set in by four spaces stands as it is.
        writer.add_text("settings", "\n".join(f"    {line}" for line in json.dumps(content, indent=2).splitlines()))


def _flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        elif value is not None:
            flat[f"{prefix}{key}"] = value if isinstance(value, int | float | str) else str(value)
    return flat


def stock_figure(figures: ValidationFigures, world: World) -> Figure:
    """Stock and pipeline over time, for the best-selling SKU at a few nodes."""
    on_hand, in_transit = figures.on_hand.numpy(), figures.in_transit.numpy()
    sku = int(world.attributes.demand_mean.sum(dim=0).argmax())
    nodes = np.argsort(-on_hand[..., sku].mean(axis=0), kind="stable")[:SHOWN_CELLS]
    figure = Figure(figsize=(11, 6.5), layout="constrained")
    FigureCanvasAgg(figure)
    for place, node in enumerate(np.sort(nodes)):
        axes = figure.add_subplot(2, 3, place + 1)
        axes.fill_between(
            range(len(on_hand)), on_hand[:, node, sku], step="mid", color="#2a78b8", alpha=0.7, label="on hand"
        )
        axes.plot(in_transit[:, node, sku], color="#d9822b", label="on the way")
        axes.set_title(f"{world.network.nodes[node]}, {world.network.skus[sku]}", fontsize=10)
        axes.set_xlabel("day")
        axes.set_ylabel("units")
        axes.grid(alpha=0.25)
        if place == 0:
            axes.legend(frameon=False, fontsize=9)
    return figure


def network_figure(figures: ValidationFigures, world: World) -> Figure:
    """The network: stock at nodes in days of cover, flows on lanes in units a day."""
    rate = (world.attributes.echelon_share * world.attributes.demand_mean).sum(dim=(1, 2)).cpu().numpy()
    cover = figures.on_hand.sum(dim=-1).mean(dim=0).numpy() / np.maximum(rate, 1e-6)
    flow = figures.shipped.mean(dim=0).numpy()
    return drawn_network(
        world.description,
        node_values=dict(zip(world.network.nodes, (float(days) for days in cover), strict=True)),
        lane_flows=dict(zip(world.network.lanes, (float(units) for units in flow), strict=True)),
        inches=(13.0, 6.5),
        dots_per_inch=80,
    )
