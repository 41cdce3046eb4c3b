"""A tuned rule as it lies on a disk: figures by the names of lane and SKU, and what they were tuned on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from entrepot.agents.rules import BaseStock
from entrepot.agents.rules.figures import STATISTICS, Figure
from entrepot.agents.rules.registry import rule_named
from entrepot.agents.rules.rule import TunableRule
from entrepot.configs.files import write_atomically
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.observe.snapshot import NetworkAttributes

FORMAT = 3
"""Goes up when what is tuned, or how, changes: what was kept before is tuned anew."""
BASE_STOCK = "base_stock"


@dataclass(frozen=True)
class TunedRule:
    """A rule's figures, and what was spent on finding them."""

    name: str
    kind: str
    figures: dict[str, Tensor]
    iterations: int
    environment_days: int
    seconds: float
    elsewhere: tuple[str, ...] = ()  # what is not as it was where they were tuned

    @classmethod
    def of_covers(cls, cover: Tensor, iterations: int, environment_days: int, seconds: float) -> Self:
        """A base stock of which only the covers [L, S] were tuned."""
        figures = BaseStock.midway_figures(cover)
        return cls(BASE_STOCK, BASE_STOCK, figures, iterations, environment_days, seconds)

    @property
    def cover(self) -> Tensor:
        """[L, S] days; of a base stock."""
        return self.figures["cover"]

    def agent(self, attributes: NetworkAttributes) -> TunableRule:
        """The rule at work.

        Args:
            attributes: of its network.
        """
        figures = {name: value.to(attributes.demand_mean) for name, value in self.figures.items()}
        return rule_named(self.kind, "kind")(attributes, figures)

    @property
    def budget(self) -> str:
        """For people."""
        count = sum(value.numel() for value in self.figures.values())
        spent = (
            f"{count:,} figures ({', '.join(self.figures)}) tuned in {self.iterations} gradient steps over "
            f"{self.environment_days:,} simulated network days in {self.seconds:.0f} s"
        )
        return f"{spent}, where other than here: {', '.join(self.elsewhere)}" if self.elsewhere else spent


def save_rule(
    tuned: TunedRule, network: NetworkArrays, path: Path, *, tuned_on: Mapping[str, str] | None = None
) -> None:
    """Write figures by lane and SKU name.

    Args:
        tuned: the figures.
        network: theirs.
        path: of the file.
        tuned_on: digests of what they were tuned on; unknown if None.
    """
    kinds = rule_named(tuned.kind, "kind").tuned
    content = {
        "rule": tuned.name,
        "kind": tuned.kind,
        "format": FORMAT,
        "tuned_on": dict(tuned_on or {}),
        "iterations": tuned.iterations,
        "environment_days": tuned.environment_days,
        "seconds": tuned.seconds,
        **{figure.key: _named(figure, tuned.figures[name], network) for name, figure in kinds.items()},
    }
    write_atomically(path, json.dumps(content, indent=1))


def _named(figure: Figure, value: Tensor, network: NetworkArrays) -> Any:
    """A figure by names."""
    if figure.axes == "LS":
        rows = [[round(float(one), 4) for one in row] for row in value]
        return {lane: dict(zip(network.skus, row, strict=True)) for lane, row in zip(network.lanes, rows, strict=True)}
    if figure.axes == "":
        return round(float(value), 6)
    names = network.lanes if figure.axes == "L" else STATISTICS
    return {name: round(float(one), 6) for name, one in zip(names, value, strict=True)}


@dataclass(frozen=True)
class RuleFile:
    """What `save_rule` wrote."""

    path: Path
    name: str
    kind: str
    format: int
    tuned_on: Mapping[str, str]  # empty where nobody knows
    iterations: int
    environment_days: int
    seconds: float
    figures: Mapping[str, Any]  # by names

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file.

        Raises:
            ConfigurationError: it can't be read, or is no tuned rule.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            kind = str(content.get("kind", BASE_STOCK))
            tuned = rule_named(kind, f"{path}: kind").tuned
            figures = {name: _checked(figure, _told(content, name, figure)) for name, figure in tuned.items()}
            return cls(
                path,
                str(content.get("rule", kind)),
                kind,
                int(content.get("format", 1)),
                dict(content.get("tuned_on", {})),
                int(content["iterations"]),
                int(content["environment_days"]),
                float(content["seconds"]),
                figures,
            )
        except KeyError as error:
            raise ConfigurationError(f"{path}: can't be read as a tuned rule: it holds no {error}") from error
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise ConfigurationError(f"{path}: can't be read as a tuned rule: {error}") from error

    @property
    def lanes(self) -> list[str]:
        """By name, as they stand."""
        return list(self._cells)

    @property
    def skus(self) -> list[str]:
        """By name, as they stand."""
        return list(next(iter(self._cells.values()), {}))

    @property
    def _cells(self) -> Mapping[str, Mapping[str, float]]:
        """The figures of lanes and SKUs that stand first."""
        tuned = rule_named(self.kind, "kind").tuned
        return next(self.figures[name] for name, figure in tuned.items() if figure.axes == "LS")

    def has_just(self, network: NetworkArrays) -> bool:
        """Whether it has the network's lanes and SKUs and no others, in whatever order."""
        return set(self.lanes) == set(network.lanes) and set(self.skus) == set(network.skus)

    def of(self, network: NetworkArrays) -> TunedRule:
        """The figures of a network's lanes and SKUs, joined by their names.

        Raises:
            ConfigurationError: it lacks one of them.
        """
        tuned = rule_named(self.kind, "kind").tuned
        try:
            figures = {name: _joined(figure, self.figures[name], network) for name, figure in tuned.items()}
        except KeyError as error:
            raise ConfigurationError(f"{self.path}: holds no {error}; tune the rule on this network") from error
        return TunedRule(self.name, self.kind, figures, self.iterations, self.environment_days, self.seconds)


def load_rule(path: Path, network: NetworkArrays) -> TunedRule:
    """The figures of a network's lanes and SKUs in what `save_rule` wrote.

    Raises:
        ConfigurationError: the file is no tuned rule, or lacks a lane or SKU of the network.
    """
    return RuleFile.read(path).of(network)


def _told(content: Mapping[str, Any], name: str, figure: Figure) -> Any:
    """What a file holds of a figure; base stocks of before had covers alone, and a rate that was not tuned."""
    if figure.key not in content and content.get("format", 1) < FORMAT and name in BaseStock.UNTUNED:
        return BaseStock.UNTUNED[name]
    return content[figure.key]


def _checked(figure: Figure, told: Any) -> Any:
    """The same as numbers.

    Raises:
        ValueError: one is no number, or below 0 where it may not be.
    """
    if figure.axes == "LS":
        numbers = {lane: {sku: float(one) for sku, one in row.items()} for lane, row in told.items()}
        values = [one for row in numbers.values() for one in row.values()]
    elif figure.axes == "":
        numbers, values = float(told), [float(told)]  # type: ignore[assignment]
    else:
        numbers = {name: float(one) for name, one in told.items()}  # type: ignore[misc]
        values = list(numbers.values())  # type: ignore[arg-type]
    if not all(math.isfinite(one) and (one >= 0 or figure.bounds == "any") for one in values):
        raise ValueError(f"{figure.key}: a figure is below 0 or no number")
    return numbers


def _joined(figure: Figure, told: Any, network: NetworkArrays) -> Tensor:
    if figure.axes == "LS":
        rows = [[told[lane][sku] for sku in network.skus] for lane in network.lanes]
        return torch.tensor(rows, dtype=torch.float32)
    if figure.axes == "":
        return torch.tensor(told, dtype=torch.float32)
    names = network.lanes if figure.axes == "L" else STATISTICS
    return torch.tensor([told[name] for name in names], dtype=torch.float32)
