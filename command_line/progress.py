"""A run's events as bars and lines in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from entrepot.command_line.tables import headed
from entrepot.training.events import Event, Figures, Kind, Observer

LABELS = {Kind.TUNED: "base_stock", Kind.TRAINED: "trained", Kind.NOTE: "note"}


@contextmanager
def shown(out: Console) -> Iterator[Observer]:
    """An observer that draws what it is told."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[status]}", markup=False),
        console=out,
    ) as bar:
        yield _Shown(out, bar)


class _Shown:
    def __init__(self, out: Console, bar: Progress) -> None:
        self._out, self._bar = out, bar
        self._tasks: dict[str, Any] = {}

    def __call__(self, event: Event) -> None:
        if event.kind == Kind.WORLD:
            for line in event.text.splitlines():
                label, _, text = line.partition(": ")
                self._say(label, text)
        elif event.kind == Kind.WARNING:
            self._out.print(Text(f"warning: {event.text}", style="yellow"), soft_wrap=True)
        elif event.kind in LABELS:
            self._say(LABELS[event.kind], event.text)
        elif event.kind == Kind.TUNING:
            self._draw("tuning base_stock", event, event.text)
        elif event.kind == Kind.BEGUN:
            self._draw("training", event, "starting")
        elif event.kind == Kind.JUDGING:
            self._draw(f"evaluating {event.text}", event, "")
        elif event.figures is not None:
            self._iteration(event, event.figures)

    def _iteration(self, event: Event, figures: Figures) -> None:
        status = _status(figures, event.done)
        self._draw("training", event, status)
        if not self._out.is_terminal and figures.validation_cost_usd_per_day is not None:
            self._out.print(f"iteration {event.done} of {event.total}: {status}")

    def _say(self, label: str, text: str) -> None:
        self._out.print(headed(label, f" {text}" if label else text), soft_wrap=True)

    def _draw(self, name: str, event: Event, status: str) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name, total=event.total, status="")
        self._bar.update(self._tasks[name], completed=event.done, total=event.total, status=status)


def _status(figures: Figures, iterations: int) -> str:
    speed = figures.environment_days * iterations / max(figures.training_seconds, 1e-9)
    text = f"{figures.cost_usd_per_day:,.0f} USD/day  fill {figures.fill_rate:.1%}  {speed:,.0f} env-steps/s"
    if figures.validation_cost_usd_per_day is not None:
        text += f"  validation {figures.validation_cost_usd_per_day:,.0f}"
    return text
