"""A tuned base stock as it lies on a disk: covers by the names of lane and SKU, and what they were tuned on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from entrepot.configs.files import write_atomically
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network.arrays import NetworkArrays

FORMAT = 2
"""Goes up when what is tuned, or how, changes: what was kept before is tuned anew."""


@dataclass(frozen=True)
class TunedBaseStock:
    """Covers, and what was spent on finding them."""

    cover: Tensor  # [L, S] days
    iterations: int
    environment_days: int
    seconds: float
    elsewhere: tuple[str, ...] = ()  # what is not as it was where they were tuned

    @property
    def budget(self) -> str:
        """For people."""
        spent = (
            f"{self.cover.numel():,} covers, one per lane and SKU, tuned in {self.iterations} gradient steps over "
            f"{self.environment_days:,} simulated network days in {self.seconds:.0f} s"
        )
        return f"{spent}, where other than here: {', '.join(self.elsewhere)}" if self.elsewhere else spent


def save_base_stock(
    tuned: TunedBaseStock, network: NetworkArrays, path: Path, *, tuned_on: Mapping[str, str] | None = None
) -> None:
    """Write covers by lane and SKU name.

    Args:
        tuned: the covers.
        network: theirs.
        path: of the file.
        tuned_on: digests of what they were tuned on; unknown if None.
    """
    rows = [[round(float(days), 3) for days in row] for row in tuned.cover]
    content = {
        "kind": "base_stock",
        "format": FORMAT,
        "tuned_on": dict(tuned_on or {}),
        "iterations": tuned.iterations,
        "environment_days": tuned.environment_days,
        "seconds": tuned.seconds,
        "cover_days": {
            lane: dict(zip(network.skus, row, strict=True)) for lane, row in zip(network.lanes, rows, strict=True)
        },
    }
    write_atomically(path, json.dumps(content, indent=1))


@dataclass(frozen=True)
class BaseStockFile:
    """What `save_base_stock` wrote."""

    path: Path
    format: int
    tuned_on: Mapping[str, str]  # empty where nobody knows
    iterations: int
    environment_days: int
    seconds: float
    cover_days: Mapping[str, Mapping[str, float]]  # lane → SKU → days

    @classmethod
    def read(cls, path: Path) -> BaseStockFile:
        """Read the file.

        Raises:
            ConfigurationError: it can't be read, or is no tuned base stock.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            covers = {
                lane: {sku: float(days) for sku, days in row.items()} for lane, row in content["cover_days"].items()
            }
            if not all(0 <= days < math.inf for row in covers.values() for days in row.values()):
                raise ValueError("a cover is below 0 or no number")
            budget = int(content["iterations"]), int(content["environment_days"]), float(content["seconds"])
            return cls(path, int(content.get("format", 1)), dict(content.get("tuned_on", {})), *budget, covers)
        except KeyError as error:
            raise ConfigurationError(f"{path}: can't be read as a tuned base stock: it holds no {error}") from error
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise ConfigurationError(f"{path}: can't be read as a tuned base stock: {error}") from error

    @property
    def lanes(self) -> list[str]:
        """By name, as they stand."""
        return list(self.cover_days)

    @property
    def skus(self) -> list[str]:
        """By name, as they stand."""
        return list(next(iter(self.cover_days.values()), {}))

    def has_just(self, network: NetworkArrays) -> bool:
        """Whether it has the network's lanes and SKUs and no others, in whatever order."""
        return set(self.lanes) == set(network.lanes) and set(self.skus) == set(network.skus)

    def of(self, network: NetworkArrays) -> TunedBaseStock:
        """The covers of a network's lanes and SKUs, joined by their names.

        Raises:
            ConfigurationError: it lacks one of them.
        """
        try:
            rows = [[self.cover_days[lane][sku] for sku in network.skus] for lane in network.lanes]
        except KeyError as error:
            raise ConfigurationError(f"{self.path}: holds no {error}; tune the base stock on this network") from error
        cover = torch.tensor(rows, dtype=torch.float32)
        return TunedBaseStock(cover, self.iterations, self.environment_days, self.seconds)


def load_base_stock(path: Path, network: NetworkArrays) -> TunedBaseStock:
    """The covers of a network's lanes and SKUs in what `save_base_stock` wrote.

    Raises:
        ConfigurationError: the file is no tuned base stock, or lacks a lane or SKU of the network.
    """
    return BaseStockFile.read(path).of(network)
